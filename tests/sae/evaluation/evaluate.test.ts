import assert from "node:assert/strict";
import test from "node:test";
import {
	type Sentences,
	type Split,
	splitSentences,
} from "../../../src/dataset";
import type { Decoder, Intervention, TokenBatch } from "../../../src/model";
import { evaluate, evaluationJson } from "../../../src/sae";
import { makeSae } from "../../../src/sae/sae";
import { trainedOn } from "../../../src/sae/trained-on";
import { activations, info } from "../fakes";

const hook_name = "blocks.0.hook_resid_post";

/** The activation of each token: BOS, then "a" to "d". */
const table = [
	[100, 100],
	[1, 0],
	[0, 2],
	[3, 0],
	[0, 4],
];

const sumsOf = (values: Float32Array) =>
	Float32Array.from(
		{ length: values.length / 2 },
		(_, i) => values[2 * i] + values[2 * i + 1],
	);

function lossOf({ batch, seq, lengths }: TokenBatch, sums: Float32Array) {
	const data = new Float32Array(batch * (seq - 1));
	for (let b = 0; b < batch; b++)
		for (let t = 0; t < lengths[b] - 1; t++)
			data[b * (seq - 1) + t] = 10 - sums[b * seq + t];
	return { data, dims: [batch, seq - 1] };
}

/**
 * A model whose activation is its token's, whose loss at a position is 10 − the sum of the activation there, and whose
 * divergence is how much a change moves that sum.
 */
function fakeModel(seen: Float32Array[] = []): Decoder {
	const valuesOf = ({ ids }: TokenBatch) =>
		Float32Array.from([...ids].flatMap((id) => table[id]));
	const unused = () => {
		throw new Error("not part of this test");
	};
	return {
		kind: "model",
		info: { ...info, d_model: 2 },
		hook_names: [hook_name],
		runWithCache: unused,
		toTokens(text, { prepend_bos = true } = {}) {
			const all = prepend_bos ? `@${text}` : text;
			const ids = Int32Array.from(all, (c) => c.charCodeAt(0) - 64);
			return {
				ids: ids.map((id) => (id > 32 ? id - 32 : 0)),
				start: new Uint32Array(ids.length),
				end: new Uint32Array(ids.length),
				special: Uint8Array.from(ids, (id) => (id === 0 ? 1 : 0)),
				cut: 0,
			};
		},
		batch(texts) {
			const rows = texts.map((t) => ("ids" in t ? t.ids : t));
			const seq = Math.max(...rows.map((row) => row.length));
			const ids = new Int32Array(rows.length * seq);
			for (const [i, row] of rows.entries()) ids.set(row, i * seq);
			const lengths = Int32Array.from(rows, (row) => row.length);
			return { ids, lengths, batch: rows.length, seq };
		},
		async run(input) {
			const tokens = input as TokenBatch;
			const dims = [tokens.batch, tokens.seq, 2];
			return {
				kind: "run",
				tokens,
				cache: { [hook_name]: { data: valuesOf(tokens), dims } },
			};
		},
		loss: unused,
		async compare(input, { conditions }) {
			const tokens = input as TokenBatch;
			const dims = [tokens.batch, tokens.seq, 2];
			const values = valuesOf(tokens);
			const own = sumsOf(values);
			const changed = await conditions({ [hook_name]: { data: values, dims } });
			return {
				kind: "comparison",
				tokens,
				loss: lossOf(tokens, own),
				changed: changed.map(([change]) => {
					const { values } = change as Intervention & { values: Float32Array };
					seen.push(values);
					const sums = sumsOf(values);
					const data = sums.map((sum, i) => Math.abs(sum - own[i]));
					const kl = { data, dims: dims.slice(0, 2) };
					return { loss: lossOf(tokens, sums), kl };
				}),
			};
		},
		toStrTokens: unused,
		toSingleToken: unused,
		dispose: unused,
	};
}

/** One latent a dimension, both read x as it is; the second is written at half its size; the third is dead. */
const sae = makeSae(
	{
		architecture: "standard",
		d_in: 2,
		d_sae: 3,
		dtype: "float32",
		apply_b_dec_to_input: true,
		normalize_activations: "none",
		hook_name,
		model_name: "fake",
		prepend_bos: true,
	},
	{
		W_enc: Float32Array.of(1, 0, 0, 0, 1, 0),
		b_enc: Float32Array.of(0, 0, -1),
		W_dec: Float32Array.of(1, 0, 0, 0.5, 1, 1),
		b_dec: new Float32Array(2),
	},
);

function sentences(text: string[], split?: Split[]): Sentences {
	return {
		kind: "sentences",
		name: "fake",
		text,
		labels: {},
		offsets: {},
		split,
	};
}

function close(actual: number, expected: number): void {
	assert.ok(Math.abs(actual - expected) < 1e-6, `${actual} is not ${expected}`);
}

test("the losses and the score are those worked by hand, special tokens and padding left alone", async () => {
	const seen: Float32Array[] = [];
	const e = await evaluate(sae, fakeModel(seen), sentences(["ab", "bcd"]));
	// "bcd" first (the longer): BOS b c d; then BOS a b. Predicting positions: b, c; a. Sums 2, 3, 1.
	close(e.ce_loss_without_sae, 10 - (2 + 3 + 1) / 3);
	close(e.ce_loss_with_sae, 10 - (1 + 3 + 1) / 3); // b is (0, 2) and comes back as (0, 1)
	close(e.ce_loss_with_ablation, 10);
	close(e.ce_loss_score, 5 / 6);
	const padding = [100, 100]; // id 0
	assert.deepEqual(
		[...seen[0]],
		[100, 100, 0, 1, 3, 0, 0, 2, 100, 100, 1, 0, 0, 1, ...padding],
	);
	assert.deepEqual([...seen[1]], Array(16).fill(0)); // BOS too, as in SAELens
});

test("the divergence counts every token that is not special, each text's last among them", async () => {
	const e = await evaluate(sae, fakeModel(), sentences(["ab", "bcd"]));
	// b and d lose half of what they have along the second dimension: 1 of 2 and 2 of 4
	close(e.kl_div_with_sae, (0 + 1 + 1 + 0 + 2) / 5);
	close(e.kl_div_with_ablation, (1 + 2 + 2 + 3 + 4) / 5);
	close(e.kl_div_score, 1 - 4 / 12);
});

test("special tokens are counted apart, and a text goes on in further contexts where an SAE's were short", async () => {
	const e = await evaluate(sae, fakeModel(), sentences(["ab", "bcd"]));
	assert.deepEqual([e.n_tokens, e.excluded], [5, 2]);
	const short = makeSae({ ...sae.cfg, context_size: 3 }, sae);
	const parts = await evaluate(short, fakeModel(), sentences(["ab", "bcd"]));
	assert.deepEqual([parts.n_tokens, parts.excluded], [5, 3]); // @ab, @bc, @d
	close(parts.mse, e.mse);
	// the loss of a, b and c is 9, 8 and 7; d begins a context, and nothing follows it
	close(parts.ce_loss_without_sae, (9 + 8) / 2);
	const single = makeSae(
		{ ...sae.cfg, context_size: 1, prepend_bos: false },
		sae,
	);
	const alone = await evaluate(
		single,
		fakeModel(),
		sentences(["ab", "bcd"]),
	).catch((error) => error.message);
	assert.match(alone, /at least two tokens/);
});

test("an SAE whose texts were packed is measured in packed contexts, on the tokens of the split alone", async () => {
	const packed = makeSae({ ...sae.cfg, context_size: 4, packed: true }, sae);
	const texts = sentences(["ab", "bcd", "a"]);
	const all = await evaluate(packed, fakeModel(), texts);
	assert.deepEqual([all.n_tokens, all.excluded], [6, 4]); // @ab@ @bcd @a: the one after "ab" begins "bcd"
	const split: Split[] = ["train", "test", "train"];
	const some = await evaluate(packed, fakeModel(), { ...texts, split });
	assert.equal(some.n_tokens, 3);
	close(some.mse, (1 + 0 + 4) / 3);
});

test("an SAE of centred rows is measured against centred rows, and its reconstructions stay centred", async () => {
	const seen: Float32Array[] = [];
	const weights = {
		...sae,
		W_enc: Float32Array.of(1, -1, 0, 0, 0, 0),
		W_dec: Float32Array.of(1, 0, -1, 0, 0, 0),
		b_enc: new Float32Array(3),
	};
	const cfg = { ...sae.cfg, center_writing_weights: true };
	const e = await evaluate(
		makeSae(cfg, weights),
		fakeModel(seen),
		sentences(["ac"]),
	);
	// Without their means a and c are (½, −½) and (3/2, −3/2); the second dimension is not written.
	close(e.mse, (0.25 + 2.25) / 2);
	close(e.l2_norm_in, (Math.SQRT1_2 + 3 * Math.SQRT1_2) / 2);
	close(e.l2_norm_out, (0.5 + 1.5) / 2);
	assert.deepEqual([...seen[0]], [100, 100, 0.5, 0, 1.5, 0]);
});

test("reconstruction and sparsity are measured on tokens that are not special", async () => {
	const e = await evaluate(sae, fakeModel(), sentences(["ab", "bcd"]));
	assert.equal(e.n_tokens, 5);
	// b (0,2), c (3,0), d (0,4), a (1,0), b (0,2): errors 1, 0, 4, 0, 1
	close(e.mse, 6 / 5);
	close(e.l0, 1);
	close(e.l1, 12 / 5);
	// E‖x‖² = 34/5, E x = (4/5, 8/5)
	close(e.explained_variance, 1 - 6 / 5 / (34 / 5 - 80 / 25));
	close(e.fvu, 1 - e.explained_variance);
	close(e.cossim, 1);
	close(e.l2_ratio, (0.5 + 1 + 0.5 + 1 + 0.5) / 5);
	close(e.nmse, 3 / 4 / 5);
	close(e.relative_reconstruction_bias, 16 / 22);
	// The first latent fires on a and c, the second on b, b and d; "bcd" has two tokens of the second.
	assert.deepEqual([...e.feature_density], [...Float32Array.of(0.4, 0.6, 0)]);
	assert.deepEqual(
		[...e.consistent_activation_heuristic],
		[1, 1.5, Number.NaN],
	);
	assert.deepEqual([...e.encoder_norm], [1, 1, 0]);
});

test("the JSON has the groups and keys of SAELens, and what is not a number is −1", async () => {
	const e = await evaluate(sae, fakeModel(), sentences(["ab", "bcd"]));
	const json = evaluationJson(e);
	assert.deepEqual(
		Object.entries(json.metrics).map(([group, metrics]) => [
			group,
			...Object.keys(metrics),
		]),
		[
			[
				"model_behavior_preservation",
				"kl_div_score",
				"kl_div_with_ablation",
				"kl_div_with_sae",
			],
			[
				"model_performance_preservation",
				"ce_loss_score",
				"ce_loss_with_ablation",
				"ce_loss_with_sae",
				"ce_loss_without_sae",
			],
			[
				"reconstruction_quality",
				"explained_variance",
				"explained_variance_legacy",
				"mse",
				"cossim",
			],
			[
				"shrinkage",
				"l2_norm_in",
				"l2_norm_out",
				"l2_ratio",
				"relative_reconstruction_bias",
			],
			["sparsity", "l0", "l1"],
			[
				"token_stats",
				"total_tokens_eval_reconstruction",
				"total_tokens_eval_sparsity_variance",
			],
		],
	);
	assert.deepEqual(Object.keys(json.feature_metrics), [
		"feature_density",
		"consistent_activation_heuristic",
		"encoder_norm",
		"encoder_decoder_cosine_sim",
		"encoder_bias",
	]);
	assert.equal(json.metrics.sparsity.l0, e.l0);
	assert.equal(json.metrics.token_stats.total_tokens_eval_reconstruction, 5);
	const { feature_metrics } = json;
	assert.deepEqual(
		feature_metrics.consistent_activation_heuristic,
		[1, 1.5, -1],
	);
	assert.deepEqual(JSON.parse(JSON.stringify(json)), json);
});

test("only the split asked for is measured, test by default, and dead latents are sought on the train split", async () => {
	const three = sentences(["ac", "bd", "ab"], ["train", "validation", "test"]);
	const onTest = await evaluate(sae, fakeModel(), three);
	assert.equal(onTest.split, "test");
	close(onTest.ce_loss_without_sae, 9);
	close(onTest.dead_fraction, 2 / 3); // "ac" only lies along the first dimension
	const options = { split: "validation" as const };
	const onValidation = await evaluate(sae, fakeModel(), three, options);
	close(onValidation.ce_loss_without_sae, 8);
	assert.equal(onValidation.n_tokens, 2);
});

test("without a train part it is not known which latents are dead", async () => {
	const none = sentences(["ab", "bd"], ["test", "test"]);
	const e = await evaluate(sae, fakeModel(), none);
	assert.equal(e.n_tokens, 4);
	assert.ok(Number.isNaN(e.dead_fraction));
	const acts = activations(Float32Array.of(1, 0, 0, 1), 2, ["test", "test"]);
	const latents = await sae.encode(acts);
	const given = await evaluate(sae, fakeModel(), none, { latents });
	assert.ok(Number.isNaN(given.dead_fraction));
});

test("latents that are given say which are dead, by the rows of the train split", async () => {
	const acts = activations(Float32Array.of(1, 0, 0, 1), 2, ["train", "test"]);
	const latents = await sae.encode(acts);
	const all = sentences(["ab"]);
	close(
		(await evaluate(sae, fakeModel(), all, { latents })).dead_fraction,
		2 / 3,
	);
	const other = makeSae(sae.cfg, sae);
	await assert.rejects(
		evaluate(other, fakeModel(), all, { latents }),
		/another SAE's/,
	);
});

test("a split without sentences and a hook that the model does not have are refused", async () => {
	const all = sentences(["ab"], ["train"]);
	await assert.rejects(
		evaluate(sae, fakeModel(), all),
		/no sentence to evaluate on in the split "test"/,
	);
	const elsewhere = makeSae(
		{ ...sae.cfg, hook_name: "blocks.7.hook_resid_post" },
		sae,
	);
	await assert.rejects(
		evaluate(elsewhere, fakeModel(), sentences(["ab"])),
		/no layer 7/,
	);
});

test("without a split column an autoencoder is judged on the part that its training held out, as by hand", async () => {
	const text = Array.from({ length: 40 }, (_, i) =>
		[16, 4, 1].map((of) => "abcd"[Math.floor(i / of) % 4]).join(""),
	);
	const { parts, record } = splitSentences(sentences(text), { seed: 0 });
	const seen = [...text.keys()].filter((i) => parts[i] === "train");
	const trained_on = trainedOn({ text }, seen, record);
	const trained = makeSae(sae.cfg, sae, { trained_on });
	const found = await evaluate(trained, fakeModel(), sentences(text));
	const byHand = await evaluate(sae, fakeModel(), sentences(text, parts));
	assert.deepEqual([found.split, found.n_sentences], ["test", 4]);
	assert.equal(found.n_trained_on, 0);
	assert.deepEqual(found.split_record, record);
	assert.equal(found.n_tokens, 12);
	assert.equal(found.mse, byHand.mse);
	assert.equal(found.ce_loss_with_sae, byHand.ce_loss_with_sae);
	assert.equal(found.dead_fraction, byHand.dead_fraction);
	assert.match(found.notes.join(" "), /4 different texts only/);
	const unknown = await evaluate(sae, fakeModel(), sentences(text));
	assert.equal(unknown.n_sentences, 40);
	assert.match(
		unknown.notes[0],
		/what the autoencoder was trained on is not known/,
	);
});
