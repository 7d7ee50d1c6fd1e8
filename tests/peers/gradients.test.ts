import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { after, test } from "node:test";
import {
	type Intervention,
	loadModel,
	type Metric,
	type Model,
	type Tensor,
} from "../../src/model";
import { random } from "../../src/random";
import { largestDifference } from "../numbers";
import { type RandomGpt2, temporaryFolder, writeRandomGpt2 } from "../tiny";
import { saeLens } from "./python";
import { agreed } from "./record";

const { python, skip } = saeLens;
const { folder, remove } = temporaryFolder();
after(remove);

const texts = ["one of these", "is", "longer than the other"];

interface Reference {
	metric: number[];
	gradients: Record<string, Tensor>;
}

interface Case {
	metric: Metric;
	interventions?: Intervention[];
}

/** Each token of a metric as a list of ids, one for each text. */
function spelledOut(metric: Metric): object {
	const ids = (choice: unknown) =>
		Array.isArray(choice)
			? choice.map((one) => (typeof one === "string" ? one.charCodeAt(0) : one))
			: texts.map(() =>
					typeof choice === "string" ? choice.charCodeAt(0) : choice,
				);
	return {
		...metric,
		...("token" in metric && { token: ids(metric.token) }),
		...("versus" in metric && { versus: ids(metric.versus) }),
	};
}

function pytorch(model: Model, cases: Case[]): Reference[] {
	const { ids, lengths, batch, seq } = model.batch(
		texts.map((text) => model.toTokens(text)),
	);
	const lines = cases.map(({ metric, interventions = [] }) =>
		JSON.stringify({
			folder: model.info.folder,
			ids: Array.from({ length: batch }, (_, b) => [
				...ids.subarray(b * seq, (b + 1) * seq),
			]),
			lengths: [...lengths],
			metric: spelledOut(metric),
			hooks: model.hook_names,
			interventions: interventions.map((given) =>
				Object.fromEntries(
					Object.entries(given).map(([key, value]) => [
						key,
						value instanceof Float32Array ? [...value] : value,
					]),
				),
			),
		}),
	);
	const { status, stdout, stderr } = spawnSync(
		python,
		[join(__dirname, "gradients_torch.py")],
		{ input: lines.join("\n"), encoding: "utf8", maxBuffer: 1e9 },
	);
	assert.equal(status, 0, stderr);
	return stdout
		.trim()
		.split("\n")
		.map((line) => JSON.parse(line) as Reference);
}

/** Whether a number of a tensor belongs to a place behind its text's end, where ours are NaN. */
function isPadding({ dims, texts }: Tensor, i: number): boolean {
	const at = dims.map(
		(length, axis) =>
			Math.floor(i / dims.slice(axis + 1).reduce((a, b) => a * b, 1)) % length,
	);
	return texts?.axes.some((axis) => at[axis] >= texts.lengths[at[0]]) ?? false;
}

/** Compares the metric and the gradients at every hook. */
async function compare(config: RandomGpt2, cases: Case[]): Promise<void> {
	const path = join(folder, String(config.seed));
	const model = await loadModel(writeRandomGpt2(path, config));
	const hooks = [...model.hook_names];
	const references = pytorch(model, cases);
	for (const [i, given] of cases.entries()) {
		const ours = await model.runWithGradients(texts, { ...given, hooks });
		const theirs = references[i];
		const what = `${given.metric.type}, case ${i}`;
		assert.ok(
			largestDifference(ours.metric, theirs.metric) <
				1e-5 * Math.max(1, ...theirs.metric.map(Math.abs)),
			`${what}: ${ours.metric} and ${theirs.metric}`,
		);
		assert.deepEqual(Object.keys(ours.gradients), hooks);
		for (const hook of hooks) {
			const { dims, data } = theirs.gradients[hook];
			assert.deepEqual(ours.gradients[hook].dims, dims, hook);
			assert.deepEqual(ours.cache[hook].dims, dims, hook);
			const largest = largestDifference(data, new Float32Array(data.length));
			const own = ours.gradients[hook];
			const inText = (_: number, i: number) => !isPadding(own, i);
			const off = largestDifference(
				own.data.filter(inText),
				data.filter(inText),
			);
			assert.ok(own.data.every((v, i) => inText(v, i) || Number.isNaN(v)));
			assert.ok(
				off <= 1e-4 * largest,
				`${what}, ${hook}: ${off} of ${largest}`,
			);
			if (largest > 0)
				agreed(
					"gradients of five metrics at every hook, in float64",
					"PyTorch",
					off / largest,
				);
		}
	}
	await model.dispose();
}

const metrics: Metric[] = [
	{ type: "loss" },
	{ type: "logit", token: "e" },
	{ type: "logit_difference", token: "e", versus: ["a", 7, "!"] },
	{ type: "probability", token: [1, 2, 3], position: 1 },
	{ type: "log_probability", token: 101 },
];

test(
	"the gradients of every metric at every hook are PyTorch's",
	{ skip },
	() =>
		compare(
			{ seed: 1 },
			metrics.map((metric) => ({ metric })),
		),
);

test("the gradients are PyTorch's with every kind of intervention in place", {
	skip,
}, () => {
	const r = random(2);
	const values = (length: number) =>
		Float32Array.from({ length }, () => r.normal());
	const interventions: Intervention[] = [
		{
			type: "add",
			hook_name: "hook_pos_embed",
			values: values(16),
			positions: [2],
		},
		{
			type: "project",
			hook_name: "blocks.0.hook_resid_mid",
			direction: values(16),
		},
		{
			type: "scale",
			hook_name: "blocks.0.hook_resid_mid",
			factor: 0.5,
			units: [1, 3],
		},
		{
			type: "add",
			hook_name: "blocks.0.mlp.hook_pre",
			values: values(64),
			scale: 0.3,
		},
		{ type: "scale", hook_name: "blocks.1.attn.hook_q", factor: 2 },
		{
			type: "project",
			hook_name: "blocks.1.attn.hook_z",
			direction: values(16),
			positions: [0, 2],
		},
		{
			type: "add",
			hook_name: "blocks.1.ln2.hook_normalized",
			values: values(3 * 22 * 16),
		},
		{
			type: "replace",
			hook_name: "blocks.1.hook_attn_out",
			values: values(16),
			positions: [1],
		},
		{
			type: "replace",
			hook_name: "blocks.2.hook_mlp_out",
			values: values(3 * 22 * 16),
			positions: [0, 2],
		},
	];
	return compare(
		{ seed: 2 },
		metrics.map((metric) => ({ metric, interventions })),
	);
});

for (const [what, config] of Object.entries<RandomGpt2>({
	"the exact GELU, a head of its own with a bias, and scores divided by the layer":
		{
			seed: 3,
			activation_function: "gelu",
			tie_word_embeddings: false,
			head_bias: true,
			scale_attn_by_inverse_layer_idx: true,
			n_inner: 24,
		},
	"ReLU and four heads": { seed: 4, activation_function: "relu", n_head: 4 },
}))
	test(`the gradients are PyTorch's with ${what}`, { skip }, () =>
		compare(
			config,
			metrics.map((metric) => ({ metric })),
		),
	);
