import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import {
	type GenerateOptions,
	type Intervention,
	loadModel,
	type Model,
} from "../../src/model";
import { largestDifference } from "../numbers";
import { signalAtLook } from "../signals";
import { temporaryFolder, writeRandomGpt2 } from "../tiny";

const { folder, remove } = temporaryFolder();
let model: Model;
before(async () => {
	model = await loadModel(writeRandomGpt2(join(folder, "model"), { seed: 7 }));
});
after(async () => {
	await model.dispose();
	remove();
});

const prompt = "hello";
const d_vocab = 257;

/** Logits behind the last token, from a whole run over all the tokens. */
async function lastLogits(ids: number[], interventions?: Intervention[]) {
	const { logits } = await model.run(model.batch([Int32Array.from(ids)]), {
		interventions,
	});
	assert.ok(logits);
	return logits.data.subarray(-d_vocab);
}

function logSoftmax(logits: Float32Array): number[] {
	const total = logits.reduce((sum, x) => sum + Math.exp(x), 0);
	return Array.from(logits, (x) => x - Math.log(total));
}

const greedy: GenerateOptions = {
	temperature: 0,
	max_new_tokens: 8,
	stop_at_eos: false,
};

/** Greedy continuation by whole runs, with nothing kept between them. */
async function slowly(n: number, interventions?: Intervention[]) {
	const ids = [...model.toTokens(prompt).ids];
	const nats: number[] = [];
	for (let i = 0; i < n; i++) {
		const logs = logSoftmax(await lastLogits(ids, interventions));
		const best = logs.indexOf(Math.max(...logs));
		ids.push(best);
		nats.push(logs[best]);
	}
	return { ids: ids.slice(-n), nats };
}

test("greedy generation takes the likeliest token of a whole run at every step, with its log-probability", async () => {
	const { ids, log_probabilities, stopped } = await model.generate(
		prompt,
		greedy,
	);
	const expected = await slowly(8);
	assert.deepEqual([...ids], expected.ids);
	assert.ok(largestDifference(log_probabilities, expected.nats) < 1e-4);
	assert.equal(stopped, "max_new_tokens");
});

test("interventions hold for the prompt and for every new token", async () => {
	const direction = Float32Array.from({ length: 16 }, (_, i) => Math.sin(i));
	const hook_name = "blocks.1.hook_resid_post";
	const cases: Intervention[][] = [
		[{ type: "add", hook_name, values: direction, scale: 3 }],
		[{ type: "project", hook_name, direction }],
		[{ type: "scale", hook_name: "blocks.0.attn.hook_v", factor: 0.3 }],
	];
	for (const interventions of cases) {
		const { ids } = await model.generate(prompt, { ...greedy, interventions });
		const expected = await slowly(8, interventions);
		assert.deepEqual([...ids], expected.ids, interventions[0].type);
	}
});

test("positions of an intervention count from the context's beginning, new tokens included", async () => {
	const at = (positions: number[]): Intervention[] => [
		{
			type: "replace",
			hook_name: "blocks.2.hook_resid_post",
			values: Float32Array.from({ length: 16 }, (_, i) => Math.cos(i)),
			positions,
		},
	];
	const plain = await model.generate(prompt, greedy);
	// the prompt holds positions 0 to 5, so the logits behind position 7 choose the third new token
	const changed = await model.generate(prompt, {
		...greedy,
		interventions: at([7]),
	});
	assert.deepEqual(changed.ids.slice(0, 2), plain.ids.slice(0, 2));
	const context = [...model.toTokens(prompt).ids, ...changed.ids.slice(0, 2)];
	const logs = logSoftmax(await lastLogits(context, at([7])));
	assert.equal(changed.ids[2], logs.indexOf(Math.max(...logs)));
});

test("values given for each position of the prompt change the prompt alone", async () => {
	const hook_name = "blocks.1.hook_resid_post";
	const other = await model.run("jumpy", { hooks: [hook_name] });
	const patch: Intervention = {
		type: "replace",
		hook_name,
		values: other.cache[hook_name].data,
	};
	const { ids } = await model.generate(prompt, {
		...greedy,
		interventions: [patch],
	});
	const first = logSoftmax(
		await lastLogits([...model.toTokens(prompt).ids], [patch]),
	);
	assert.equal(ids[0], first.indexOf(Math.max(...first)));
});

test("the same seed gives the same text, another seed another", async () => {
	const once = await model.generate(prompt, { seed: 1, stop_at_eos: false });
	assert.equal(once.ids.length, 20);
	const again = await model.generate(prompt, { seed: 1, stop_at_eos: false });
	const other = await model.generate(prompt, { seed: 2, stop_at_eos: false });
	assert.deepEqual(again, once);
	assert.notDeepEqual(other.ids, once.ids);
});

test("with top_k only the k likeliest are drawn, and with top_k 1 it is greedy", async () => {
	const options = { top_k: 3, temperature: 5, stop_at_eos: false, seed: 4 };
	const { ids } = await model.generate(prompt, options);
	const context = [...model.toTokens(prompt).ids];
	for (const id of ids) {
		const logits = await lastLogits(context);
		const better = logits.filter((x) => x > logits[id]).length;
		assert.ok(better < 3, `${better} tokens are likelier`);
		context.push(id);
	}
	const first = await model.generate(prompt, { ...options, top_k: 1 });
	const best = await model.generate(prompt, { ...greedy, max_new_tokens: 20 });
	assert.deepEqual(first.ids, best.ids);
});

test("drawn tokens follow softmax(logits / temperature)", async () => {
	const counts = new Map<number, number>();
	const n = 400;
	for (let seed = 0; seed < n; seed++) {
		const { ids } = await model.generate(prompt, {
			max_new_tokens: 1,
			temperature: 0.5,
			seed,
		});
		counts.set(ids[0], (counts.get(ids[0]) ?? 0) + 1);
	}
	const logits = await lastLogits([...model.toTokens(prompt).ids]);
	const logs = logSoftmax(logits.map((x) => x / 0.5));
	for (const [id, log] of logs.entries()) {
		const p = Math.exp(log);
		const deviation = Math.sqrt(n * p * (1 - p));
		const away = Math.abs((counts.get(id) ?? 0) - n * p);
		assert.ok(away < 5 * deviation + 1, `token ${id}: ${counts.get(id)}`);
	}
});

test("it stops at the end-of-text token, which is not part of the text", async () => {
	const interventions: Intervention[] = [
		{
			type: "replace",
			hook_name: "ln_final.hook_out",
			values: model.unembedding().slice(256 * 16, 257 * 16), // the direction of <|endoftext|>
		},
		{ type: "scale", hook_name: "ln_final.hook_out", factor: 50 },
	];
	const stopped = await model.generate(prompt, { interventions });
	assert.equal(stopped.stopped, "eos");
	assert.equal(stopped.notes, undefined);
	const late: Intervention = {
		...{ type: "scale", hook_name: "blocks.0.hook_attn_out", factor: 0 },
		positions: [9],
	};
	const { notes } = await model.generate(prompt, {
		...{ interventions: [...interventions, late], temperature: 0 },
		max_new_tokens: 10,
	});
	assert.match(
		String(notes),
		/"blocks\.0\.hook_attn_out" did nothing at position 9: the model computed positions 0 to 5 before/,
	);
	await assert.rejects(
		model.generate(prompt, {
			...{ interventions: [{ ...late, positions: [50] }] },
			max_new_tokens: 10,
		}),
		/asks for position 50/,
	);
	assert.deepEqual([...stopped.ids], [256]);
	assert.equal(stopped.text, "");
	const on = await model.generate(prompt, { ...greedy, interventions });
	assert.deepEqual([...on.ids], Array(8).fill(256));
});

test("it stops where the context is full", async () => {
	const options = { stop_at_eos: false, max_new_tokens: 100 };
	const { ids, stopped } = await model.generate(prompt, options);
	assert.equal(ids.length, 32 - 6);
	assert.equal(stopped, "context");
});

test("an abort ends it with what was generated so far", async () => {
	// It is looked at when the call begins, and before each token.
	const { signal } = signalAtLook(5);
	const options = { temperature: 0, stop_at_eos: false, signal };
	const { ids, stopped } = await model.generate(prompt, options);
	const { signal: _, ...whole } = options;
	const more = await model.generate(prompt, whole);
	assert.deepEqual([...ids], [...more.ids.subarray(0, 3)]);
	assert.equal(stopped, "interrupted");
	await assert.rejects(
		model.generate(prompt, { signal: AbortSignal.abort() }),
		{ name: "AbortError" },
	);
});

test("options that make no sense and prompts without room are refused", async () => {
	const refused = (options: GenerateOptions, message: RegExp, text = prompt) =>
		assert.rejects(model.generate(text, options), message);
	await refused({ max_new_tokens: 0 }, /max_new_tokens is 0/);
	await refused({ temperature: -1 }, /temperature is -1/);
	await refused({ top_k: 1.5 }, /top_k is 1\.5/);
	await refused({}, /has 41 tokens, .* holds 32.*shorten/, "x".repeat(40));
	await refused({}, /"" has no token besides special ones/, "");
	await refused(
		{
			interventions: [
				{
					type: "scale",
					hook_name: "blocks.0.hook_resid_post",
					factor: 0,
					positions: [32],
				},
			],
		},
		/position 32, but the positions of a context are 0 to 31/,
	);
});
