import assert from "node:assert/strict";
import test from "node:test";
import type { Sentences, Split } from "../../../src/dataset";
import type { Decoder, Intervention, TokenBatch } from "../../../src/model";
import { evaluate } from "../../../src/sae";
import { makeSae } from "../../../src/sae/sae";
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

/** A model whose activation is its token's, and whose loss at a position is 10 − the sum of the activation there. */
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
		toTokens(text) {
			const ids = Int32Array.from(`@${text}`, (c) => c.charCodeAt(0) - 64);
			return {
				ids: ids.map((id) => (id > 32 ? id - 32 : 0)),
				start: new Uint32Array(ids.length),
				end: new Uint32Array(ids.length),
				special: Uint8Array.from(ids, (id) => (id === 0 ? 1 : 0)),
				cut: 0,
			};
		},
		batch(texts) {
			const rows = texts.map((t) => (t instanceof Int32Array ? t : t.ids));
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
				tokens,
				cache: { [hook_name]: { data: valuesOf(tokens), dims } },
			};
		},
		async loss(input, { interventions } = {}) {
			const tokens = input as TokenBatch;
			const change = interventions?.[0] as
				| (Intervention & { values: Float32Array })
				| undefined;
			if (change) seen.push(change.values);
			const values = change?.values ?? valuesOf(tokens);
			const width = tokens.seq - 1;
			const data = new Float32Array(tokens.batch * width);
			for (let b = 0; b < tokens.batch; b++)
				for (let t = 0; t < tokens.lengths[b] - 1; t++) {
					const at = 2 * (b * tokens.seq + t);
					data[b * width + t] = 10 - values[at] - values[at + 1];
				}
			return { data, dims: [tokens.batch, width] };
		},
		toStrTokens: unused,
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
	assert.deepEqual(
		[...seen[1]],
		[100, 100, 0, 0, 0, 0, 0, 0, 100, 100, 0, 0, 0, 0, ...padding],
	);
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
