import { deepEqual, equal, ok } from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { InferenceSession, Tensor as OrtTensor } from "onnxruntime-node";
import { fromFloat16 } from "../../../src/formats/half";
import type {
	Decoder,
	HookName,
	Intervention,
	TokenBatch,
} from "../../../src/model";
import { loadOnnxModel } from "../../../src/model";
import { divergences, largestDifference } from "../../numbers";
import {
	type Fixtures,
	families,
	floatKinds,
	makeFixtures,
	type Reference,
	roundedKinds,
	skip,
} from "./fixtures";

let fixtures: Fixtures;
before(async () => {
	if (!skip) fixtures = await makeFixtures();
});
after(() => fixtures?.remove());

const tokensOf = ({ ids, lengths }: Reference): TokenBatch => ({
	ids: Int32Array.from(ids),
	lengths: Int32Array.from(lengths),
	batch: 2,
	seq: 7,
});

/** The largest difference over the largest expected value, without the two tokens of padding; `width` numbers a token. */
function distance(
	found: ArrayLike<number>,
	expected: ArrayLike<number>,
	width: number,
): number {
	equal(found.length, expected.length);
	let [difference, size] = [0, 0];
	for (let i = 0; i < 12 * width; i++) {
		difference = Math.max(difference, Math.abs(found[i] - expected[i]));
		size = Math.max(size, Math.abs(expected[i]));
	}
	ok(size > 0);
	return difference / size;
}

/** Patterns are [2, heads, query, key]: those of the first text, all of whose tokens are its own. */
function patternDistance(found: Float32Array, expected: number[]): number {
	equal(found.length, expected.length);
	const half = expected.slice(0, expected.length / 2);
	return Math.max(...half.map((value, i) => Math.abs(found[i] - value)));
}

/** By name, as in decoders.py. */
const interventions = ({
	direction,
	values,
}: Reference): Record<string, Intervention[]> => ({
	add: [
		{
			...{ hook_name: "blocks.1.hook_resid_pre", type: "add", scale: 3 },
			values: Float32Array.from(direction),
		},
	],
	replace: [
		{
			...{ hook_name: "blocks.0.hook_resid_post", type: "replace" },
			...{ values: Float32Array.from(values), positions: [2] },
		},
	],
	scale: [
		{
			...{ hook_name: "blocks.0.mlp.hook_post", type: "scale" },
			...{ factor: 0, units: [3] },
		},
	],
	project: [
		{
			...{ hook_name: "blocks.1.hook_attn_out", type: "project" },
			direction: Float32Array.from(direction),
		},
	],
	z: [{ hook_name: "blocks.1.attn.hook_z", type: "scale", factor: 0 }],
	several: [
		{ hook_name: "hook_embed", type: "scale", factor: 2 },
		{
			...{ hook_name: "blocks.0.hook_mlp_out", type: "add" },
			values: Float32Array.from(direction),
		},
		{ hook_name: "ln_final.hook_out", type: "scale", factor: 0.5 },
	],
	norms: [
		{
			...{ hook_name: "blocks.0.ln2.hook_normalized", type: "add" },
			values: Float32Array.from(direction),
		},
		{ hook_name: "blocks.1.ln1.hook_normalized", type: "scale", factor: 3 },
		{
			...{ hook_name: "blocks.1.ln1.hook_out", type: "add" },
			values: Float32Array.from(direction),
		},
		{ hook_name: "ln_final.hook_normalized", type: "scale", factor: 0.5 },
	],
});

const fused = ["fused", "bare"]; // attention in one operator: no pattern

for (const family of families)
	for (const kind of floatKinds[family])
		describe(`${family}, ${kind}`, { skip }, () => {
			let model: Decoder;
			let reference: Reference;
			before(async () => {
				model = await loadOnnxModel(fixtures.path(family, kind));
				reference = fixtures.reference(family);
			});
			after(() => model.dispose());

			test("every hook of PyTorch's model is found, in order, and nothing else", () => {
				const expected = Object.keys(reference.hooks).filter(
					(hook) => !fused.includes(kind) || !hook.endsWith("hook_pattern"),
				);
				deepEqual([...model.hook_names], expected);
			});

			test("hooks, logits and losses are PyTorch's", async () => {
				const tokens = tokensOf(reference);
				const { cache, logits } = await model.runWithCache(tokens);
				for (const hook of model.hook_names) {
					const { data, dims } = cache[hook];
					equal(
						data.length,
						dims.reduce((a, b) => a * b),
					);
					const error = hook.endsWith("pattern")
						? patternDistance(data, reference.hooks[hook])
						: distance(data, reference.hooks[hook], data.length / 14);
					ok(error < 2e-5, `${hook}: ${error}`);
				}
				const { d_vocab } = model.info;
				ok(distance(logits?.data ?? [], reference.logits, d_vocab) < 2e-5);
				const loss = await model.loss(tokens);
				deepEqual(loss.dims, [2, 6]);
				reference.loss.slice(0, 10).forEach((nats, i) => {
					ok(Math.abs(loss.data[i] - nats) < 2e-5 * Math.max(1, nats));
				});
				ok(loss.data.subarray(10).every(Number.isNaN)); // padding
			});

			test("every intervention does what it does in PyTorch", async () => {
				const tokens = tokensOf(reference);
				for (const [name, list] of Object.entries(interventions(reference))) {
					const { logits } = await model.run(tokens, { interventions: list });
					const error = distance(
						logits?.data ?? [],
						reference.changed[name],
						model.info.d_vocab,
					);
					ok(error < 2e-5, `${name}: ${error}`);
					const before = distance(
						reference.logits,
						reference.changed[name],
						model.info.d_vocab,
					);
					ok(before > 1e-3, `${name} changes nothing`);
				}
			});

			test("a comparison gives the losses, and the divergence of its own logits", async () => {
				const tokens = tokensOf(reference);
				const hook_name = "blocks.0.hook_resid_post";
				const half: Intervention[] = [
					{ hook_name, type: "scale", factor: 0.5 },
				];
				const clean = await model.run(tokens, {
					hooks: [hook_name],
					logits: true,
				});
				const out = await model.compare(tokens, {
					hooks: [hook_name],
					conditions: (cache) => {
						deepEqual(cache, clean.cache);
						return [half, []];
					},
				});
				const options = { interventions: half };
				const changed = await model.run(tokens, options);
				const loss = await model.loss(tokens, options);
				const own = <T extends Float32Array | Float64Array>(data: T, n = 10) =>
					data.subarray(0, n); // two tokens of padding follow
				const before = await model.loss(tokens);
				ok(largestDifference(own(out.loss.data), own(before.data)) < 1e-5);
				const [half_, none] = out.changed;
				ok(largestDifference(own(half_.loss.data), own(loss.data)) < 1e-5);
				const expected = divergences(clean.logits, changed.logits);
				ok(largestDifference(own(half_.kl.data, 12), own(expected, 12)) < 1e-4);
				ok(Math.max(...own(expected, 12)) > 1e-3);
				ok(own(none.kl.data, 12).every((value) => Math.abs(value) < 1e-6));
				ok(none.kl.data.subarray(12).every(Number.isNaN));
			});
		});

describe("a text", { skip }, () => {
	test("gives the same beside a longer one as alone, in every family", async () => {
		for (const family of families) {
			const model = await loadOnnxModel(fixtures.path(family, "past"));
			const reference = fixtures.reference(family);
			const both = tokensOf(reference);
			const alone = model.batch([both.ids.slice(7, 12)]);
			const hook = "blocks.1.hook_resid_post";
			const wide = await model.run(both, { hooks: [hook], logits: true });
			const own = await model.run(alone, { hooks: [hook], logits: true });
			for (const [a, b] of [
				[wide.cache[hook].data, own.cache[hook].data],
				[wide.logits?.data ?? [], own.logits?.data ?? []],
			]) {
				const half = a.slice(a.length / 2, a.length / 2 + b.length);
				b.forEach((value, i) => {
					ok(Math.abs(value - half[i]) < 2e-5 * Math.max(1, Math.abs(value)));
				});
			}
			await model.dispose();
		}
	});
});

for (const family of families)
	for (const [kind, rounding] of Object.entries(roundedKinds))
		test(`${family}, ${kind}: hooks leave the graph's own logits as they are, and the hooks fit each other`, {
			skip,
		}, async () => {
			const path = fixtures.path(family, kind);
			const reference = fixtures.reference(family);
			const model = await loadOnnxModel(path);
			const tokens = tokensOf(reference);
			const own = await ownLogits(path, reference);
			const { d_vocab, d_model } = model.info;
			const { logits, cache } = await model.runWithCache(tokens);
			ok(distance(logits?.data ?? [], own, d_vocab) < rounding);
			ok(distance(own, reference.logits, d_vocab) < 0.2); // it is that model
			ok(distance(own, reference.logits, d_vocab) > 1e-4); // and is rounded
			const names = Object.keys(reference.hooks);
			deepEqual([...model.hook_names], names);
			// what is read at the blocks' ends is the sum of what the blocks wrote
			const sum = (...hooks: HookName[]) =>
				Float32Array.from(cache[hooks[0]].data, (_, i) =>
					hooks.reduce((total, hook) => total + cache[hook].data[i], 0),
				);
			const rebuilt = sum(
				"blocks.0.hook_resid_pre",
				"blocks.0.hook_attn_out",
				"blocks.0.hook_mlp_out",
				"blocks.1.hook_attn_out",
				"blocks.1.hook_mlp_out",
			);
			ok(
				distance(cache["blocks.1.hook_resid_post"].data, rebuilt, d_model) <
					rounding,
			);
			const identity = model.hook_names
				.filter((hook) => !hook.endsWith("hook_pattern"))
				.map(
					(hook_name): Intervention => ({
						...{ hook_name, type: "scale", factor: 1 },
					}),
				);
			const same = await model.run(tokens, { interventions: identity });
			ok(distance(same.logits?.data ?? [], own, d_vocab) < rounding);
			await model.dispose();
		});

/** The logits that the file gives by itself, where ONNX Runtime takes care that sums of int8 products do not overflow. */
async function ownLogits(path: string, reference: Reference) {
	const session = await InferenceSession.create(path, {
		extra: { session: { x64quantprecision: "1" } },
		logSeverityLevel: 3,
	});
	const long = (numbers: number[]) =>
		new OrtTensor("int64", BigInt64Array.from(numbers, BigInt), [2, 7]);
	const padding = [0, 0];
	const { logits } = await session.run({
		input_ids: long(reference.ids),
		attention_mask: long([...Array(12).fill(1), ...padding]),
		position_ids: long([0, 1, 2, 3, 4, 5, 6, 0, 1, 2, 3, 4, 1, 1]),
	});
	const data =
		logits.type === "float16"
			? fromFloat16(new Uint16Array((logits.data as Uint16Array).buffer))
			: Float32Array.from(logits.data as Float32Array);
	await session.release();
	return data;
}
