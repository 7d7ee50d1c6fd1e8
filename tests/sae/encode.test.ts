import assert from "node:assert/strict";
import test from "node:test";
import type { Activations } from "../../src/activations";
import { makeSae } from "../../src/sae/sae";
import type {
	InferenceArchitecture,
	Sae,
	SaeConfig,
	SaeWeights,
	SparseRows,
} from "../../src/sae/types";
import { activations, info } from "./fakes";
import {
	inferenceArchitectures,
	someConfig,
	someRows,
	someSae,
	someWeights,
} from "./random-sae";

const small = { d_in: 2, d_sae: 3, k: 2 };
const cfg = someConfig("topk", small);

/** Latents that read x₀, x₁ and x₀ + x₁ of x − (1, 1), and write (1,0), (0,1), (1,1)/2. */
const weights: SaeWeights = {
	W_enc: Float32Array.of(1, 0, 1, 0, 1, 1),
	b_enc: Float32Array.of(0, 0, -1),
	W_dec: Float32Array.of(1, 0, 0, 1, 0.5, 0.5),
	b_dec: Float32Array.of(1, 1),
};

// x − b_dec: (2, 3), (−1, −2), (4, −5); pre: (2, 3, 4), (−1, −2, −4), (4, −5, −2)
const x = Float32Array.of(3, 4, 0, -1, 5, -4);

function encodeBy(
	architecture: InferenceArchitecture,
	more: Partial<SaeWeights> = {},
	change: Partial<SaeConfig> = {},
): Promise<SparseRows> {
	const config = someConfig(architecture, { ...small, ...change });
	return makeSae(config, { ...weights, ...more }).encodeRows(x);
}

test("topk keeps the k largest pre-activations, and of them those above zero", async () => {
	const sparse = await encodeBy("topk");
	assert.deepEqual([...sparse.indptr], [0, 2, 2, 3]);
	assert.deepEqual([...sparse.indices], [1, 2, 0]);
	assert.deepEqual([...sparse.values], [3, 4, 4]);
	assert.equal(sparse.scaling, undefined);
});

test("standard keeps everything above zero", async () => {
	const sparse = await encodeBy("standard");
	assert.deepEqual([...sparse.indptr], [0, 3, 3, 4]);
	assert.deepEqual([...sparse.indices], [0, 1, 2, 0]);
	assert.deepEqual([...sparse.values], [2, 3, 4, 4]);
});

test("jumprelu keeps, as it is, what is above its latent's threshold", async () => {
	const threshold = Float32Array.of(2, 2.5, 3.9);
	const sparse = await encodeBy("jumprelu", { threshold });
	assert.deepEqual([...sparse.indptr], [0, 2, 2, 3]); // 2 is not above 2
	assert.deepEqual([...sparse.indices], [1, 2, 0]);
	assert.deepEqual([...sparse.values], [3, 4, 4]);
});

test("a jumprelu threshold below zero lets nothing below zero through", async () => {
	const sparse = await encodeBy("jumprelu", {
		threshold: Float32Array.of(-9, -9, -9),
	});
	assert.deepEqual([...sparse.indptr], [0, 3, 3, 4]);
	assert.deepEqual([...sparse.values], [2, 3, 4, 4]);
});

test("gated lets through by one bias, and measures by another scale and bias", async () => {
	// x·W: (2, 3, 5), (−1, −2, −3), (4, −5, −1); gate: + (−2, 0, 2); magnitude: · (1, 2, 1) + (1, 1, −4)
	const sparse = await encodeBy("gated", {
		b_gate: Float32Array.of(-2, 0, 2),
		r_mag: Float32Array.of(0, Math.log(2), 0),
		b_mag: Float32Array.of(1, 1, -4),
	});
	assert.deepEqual([...sparse.indptr], [0, 2, 2, 3]); // a gate of 0 is shut; one that is open on ReLU(−5) gives nothing
	assert.deepEqual([...sparse.indices], [1, 2, 0]);
	assert.deepEqual([...sparse.values], [7, 1, 5]);
});

test("b_dec stays in the input where apply_b_dec_to_input is false", async () => {
	const sparse = await encodeBy(
		"standard",
		{},
		{ apply_b_dec_to_input: false },
	);
	// pre: (3, 4, 6), (0, −1, −2), (5, −4, 0)
	assert.deepEqual([...sparse.indptr], [0, 3, 3, 4]);
	assert.deepEqual([...sparse.values], [3, 4, 6, 5]);
});

test("decoding adds the directions of what fires to b_dec, for the rows asked for", async () => {
	const sae = makeSae(cfg, weights);
	const sparse = await sae.encodeRows(x);
	const all = [3, 6, 1, 1, 5, 1];
	assert.deepEqual([...sae.decode(sparse)], all);
	assert.deepEqual([...sae.decode(sparse, { from: 1 })], all.slice(2));
	assert.deepEqual(
		[...sae.decode(sparse, { from: 1, to: 2 })],
		all.slice(2, 4),
	);
	assert.deepEqual([...(await sae.reconstruct(x))], all);
	assert.throws(() => sae.decode(sparse, { to: 4 }), /Rows 0 to 4 .* are 3/);
});

test("layer_norm scales each row by itself, and decoding undoes it", async () => {
	// (3, 4): mean 3.5, deviation √0.5; scaled to ∓1/√2; less b_dec: (−1.707, −0.293), so only latents above zero: none
	const zero = Float32Array.of(0, 0);
	const sae = makeSae(
		{ ...cfg, normalize_activations: "layer_norm" },
		{ ...weights, b_dec: zero },
	);
	const sparse = await sae.encodeRows(x.slice(0, 2));
	assert.deepEqual([...sparse.indices], [1]);
	assert.ok(Math.abs(sparse.values[0] - Math.SQRT1_2) < 2e-5);
	const { shift, scale } = sparse.scaling ?? assert.fail("no scaling");
	assert.equal(shift[0], 3.5);
	assert.ok(Math.abs(scale[0] - Math.SQRT1_2) < 1e-6); // divided by 1e-5 more
	// x̂ = (0, 0.7071) in the scaled units
	const [first, second] = sae.decode(sparse);
	assert.equal(first, 3.5);
	assert.ok(Math.abs(second - 4) < 1e-5);
});

test("constant_norm_rescale gives each row the length √d_in, and decoding its own", async () => {
	const mode = { normalize_activations: "constant_norm_rescale" } as const;
	const b_dec = Float32Array.of(0, 0);
	const sae = makeSae({ ...cfg, ...mode, k: 3 }, { ...weights, b_dec });
	const row = Float32Array.of(3, 4); // of length 5
	const sparse = await sae.encodeRows(row);
	const c = Math.SQRT2 / 5;
	[3 * c, 4 * c, 7 * c - 1].forEach((value, i) => {
		assert.ok(Math.abs(sparse.values[i] - value) < 1e-6, `latent ${i}`);
	});
	const half = (7 * c - 1) / 2 / c;
	const [first, second] = sae.decode(sparse);
	assert.ok(Math.abs(first - (3 + half)) < 1e-5);
	assert.ok(Math.abs(second - (4 + half)) < 1e-5);
});

test("each row's mean is taken out first where the weights were centred, at hooks of the stream", async () => {
	const centred = { ...small, center_writing_weights: true };
	const sae = makeSae(someConfig("standard", centred), weights);
	// (3, 4) − 3.5 = (−½, ½); less b_dec below zero, all of it
	assert.deepEqual([...sae.input(x)], [-0.5, 0.5, 0.5, -0.5, 4.5, -4.5]);
	const sparse = await sae.encodeRows(x);
	assert.deepEqual([...sparse.indptr], [0, 0, 0, 1]);
	assert.deepEqual([...sparse.values], [3.5]);
	const again = await sae.encodeRows(sae.input(x));
	assert.deepEqual(again, sparse);
	assert.deepEqual([...x], [3, 4, 0, -1, 5, -4]); // as it was
	const elsewhere = { ...centred, hook_name: "blocks.0.attn.hook_z" };
	const other = makeSae(someConfig("standard", elsewhere), weights);
	assert.deepEqual(other.input(x), x);
});

/** Dense latents, in double precision, term by term. */
function slowly(sae: Sae, row: Float32Array): number[] {
	const { cfg, W_enc, b_dec } = sae;
	const { d_in, d_sae, k = 0 } = cfg;
	const from = [...row].map((v, i) =>
		cfg.apply_b_dec_to_input ? v - b_dec[i] : v,
	);
	const product = Array.from({ length: d_sae }, (_, j) =>
		from.reduce((sum, v, i) => sum + v * W_enc[i * d_sae + j], 0),
	);
	const of = (
		p: "b_enc" | "threshold" | "b_gate" | "b_mag" | "r_mag",
		j: number,
	) => sae[p]?.[j] ?? Number.NaN;
	const z = product.map((v, j) => v + of("b_enc", j));
	const least = [...z].sort((a, b) => b - a)[k - 1];
	assert.equal(from.length, d_in);
	return product.map((v, j) => {
		if (cfg.architecture === "standard") return Math.max(0, z[j]);
		if (cfg.architecture === "topk")
			return z[j] >= least ? Math.max(0, z[j]) : 0;
		if (cfg.architecture === "jumprelu")
			return z[j] > of("threshold", j) ? z[j] : 0;
		const m = v * Math.exp(of("r_mag", j)) + of("b_mag", j);
		return v + of("b_gate", j) > 0 ? Math.max(0, m) : 0;
	});
}

function dense({ indptr, indices, values }: SparseRows, d_sae: number) {
	const n = indptr.length - 1;
	const f = new Float32Array(n * d_sae);
	for (let row = 0; row < n; row++)
		for (let j = indptr[row]; j < indptr[row + 1]; j++)
			f[row * d_sae + indices[j]] = values[j];
	return f;
}

for (const architecture of inferenceArchitectures)
	for (const apply_b_dec_to_input of [true, false])
		test(`${architecture} latents are those of the formula${apply_b_dec_to_input ? "" : ", b_dec left in"}`, async () => {
			const sae = someSae(architecture, { d_sae: 37, apply_b_dec_to_input });
			const rows = someRows(40);
			const f = dense(await sae.encodeRows(rows), 37);
			let fired = 0;
			for (let row = 0; row < 40; row++)
				slowly(sae, rows.subarray(row * 12, (row + 1) * 12)).forEach((v, j) => {
					const found = f[row * 37 + j];
					assert.ok(Math.abs(found - v) < 1e-5, `row ${row}, latent ${j}`);
					if (found > 0) fired++;
				});
			assert.ok(fired > 40 && fired < 40 * 37);
		});

test("the k largest of many latents are those of the formula as well", async () => {
	const d_sae = 4100; // more than a kernel chooses from
	const sae = someSae("topk", { d_sae, k: 70 });
	const rows = someRows(3);
	const f = dense(await sae.encodeRows(rows), d_sae);
	for (let row = 0; row < 3; row++)
		slowly(sae, rows.subarray(row * 12, (row + 1) * 12)).forEach((v, j) => {
			assert.ok(Math.abs(f[row * d_sae + j] - v) < 1e-5, `latent ${j}`);
		});
	assert.ok(f.filter((v) => v > 0).length === 210);
});

test("encodings that run at the same time do not disturb each other", async () => {
	const sae = someSae("topk", { d_sae: 100, k: 9 });
	const rows = [someRows(2500), someRows(1500, 12, 3), someRows(10, 12, 4)];
	const together = await Promise.all(rows.map((x) => sae.encodeRows(x)));
	for (const [i, x] of rows.entries())
		assert.deepEqual(together[i], await sae.encodeRows(x));
});

for (const architecture of inferenceArchitectures)
	test(`${architecture} latents are rows with ascending indices and no zeros, whatever rows are beside them`, async () => {
		const n = 2100; // more than a chunk, and no multiple of one
		const sae = someSae(architecture, {
			d_sae: 100,
			...(architecture === "topk" && { k: 70 }),
		});
		const { data, ...acts } = activations(someRows(n), 12);
		const latents = await sae.encode(acts);
		assert.equal(latents.indptr.length, n + 1);
		assert.equal(latents.indptr[n], latents.indices.length);
		assert.equal(latents.indices.length, latents.values.length);
		assert.ok(latents.values.every((v) => v > 0));
		for (let row = 0; row < n; row++)
			for (let j = latents.indptr[row] + 1; j < latents.indptr[row + 1]; j++)
				assert.ok(latents.indices[j] > latents.indices[j - 1]);
		for (const [from, to] of [
			[1020, 1030],
			[2099, 2100],
		]) {
			const few = await sae.encodeRows(data.subarray(12 * from, 12 * to));
			const part = [latents.indptr[from], latents.indptr[to]];
			assert.deepEqual(few.indices, latents.indices.slice(...part));
			assert.deepEqual(few.values, latents.values.slice(...part));
		}
	});

test("how rows were scaled goes along with them, chunk by chunk", async () => {
	const sae = someSae("standard", { normalize_activations: "layer_norm" });
	const rows = someRows(1500);
	const all = await sae.encodeRows(rows);
	assert.equal(all.scaling?.scale.length, 1500);
	const last = await sae.encodeRows(rows.subarray(12 * 1490));
	assert.deepEqual(last.scaling?.shift, all.scaling?.shift.slice(1490));
	const part = sae.decode(all, { from: 1490 });
	assert.deepEqual(part, sae.decode(last));
});

test("rows that are not whole, not finite, or of another width are refused", async () => {
	const sae = makeSae(cfg, weights);
	await assert.rejects(sae.encodeRows(new Float32Array(3)), /whole rows of 2/);
	for (const bad of [Number.NaN, Number.NEGATIVE_INFINITY])
		await assert.rejects(
			sae.encodeRows(Float32Array.of(0, 0, 0, bad)),
			new RegExp(`Row 1 .* ${bad}`),
		);
	assert.throws(() => sae.input(new Float32Array(5)), /whole rows of 2/);
	await assert.rejects(
		sae.encode(activations(new Float32Array(6), 3)),
		/are 3 wide and this SAE reads 2/,
	);
});

test("no rows give no latents", async () => {
	const sparse = await makeSae(cfg, weights).encodeRows(new Float32Array(0));
	assert.deepEqual([...sparse.indptr], [0]);
	assert.equal(sparse.values.length, 0);
});

test("an abort ends encoding with its reason", async () => {
	const signal = AbortSignal.abort(new Error("enough"));
	const acts = activations(someRows(5), 12);
	await assert.rejects(someSae("standard").encode(acts, { signal }), /enough/);
});

async function warningsOf(
	change: Partial<SaeConfig>,
	acts: Partial<Activations> = {},
): Promise<string[] | undefined> {
	const own = activations(someRows(3), 12);
	const latents = await someSae("standard", change).encode({ ...own, ...acts });
	return latents.warnings;
}

test("activations of another model, hook, beginning, length or centring are named in a warning each", async () => {
	assert.equal(await warningsOf({}), undefined);
	const cases: [RegExp, Partial<SaeConfig>, Partial<Activations>?][] = [
		[/trained on pythia .* of fake/, { model_name: "pythia" }],
		[
			/at hook_embed .* of blocks.0.hook_resid_post/,
			{ hook_name: "hook_embed" },
		],
		[
			/without BOS .* of contexts with: .* prepend_bos: false/,
			{ prepend_bos: false },
		],
		[/contexts of 1 tokens .* up to 2:/, { context_size: 1 }],
		[
			/contexts of 64 tokens .* up to 128:/,
			{ context_size: 64 },
			{ context_size: 128 },
		],
		[/mean taken out .* as they are/, {}, { center_writing_weights: true }],
	];
	for (const [message, change, acts] of cases) {
		const warnings = await warningsOf(change, acts);
		assert.equal(warnings?.length, 1, `${message}`);
		assert.match(warnings[0], message);
		assert.match(warnings[0], /^[^\n]*\.$/);
	}
});

test("the names of one model are one name, and what an SAE does not say of itself is no mismatch", async () => {
	for (const name of ["openai-community/gpt2", "/models/gpt2/", "gpt2"])
		assert.equal(
			await warningsOf(
				{ model_name: "gpt2-small", context_size: 2 },
				{ model: { ...info, name } },
			),
			undefined,
		);
	assert.equal(await warningsOf({ model_name: "", hook_name: "" }), undefined);
	const centred = { center_writing_weights: true };
	assert.equal(await warningsOf(centred), undefined); // it is done here
	assert.equal(await warningsOf(centred, centred), undefined);
});

for (const architecture of ["standard", "jumprelu", "gated"] as const)
	test(`folding the decoder's norms leaves what ${architecture} reconstructs, and scales its latents by them`, async () => {
		const sae = someSae(architecture);
		const folded = sae.fold_W_dec_norm();
		const norms = Array.from({ length: 30 }, (_, j) =>
			Math.hypot(...sae.W_dec.subarray(j * 12, (j + 1) * 12)),
		);
		for (let j = 0; j < 30; j++)
			assert.ok(
				Math.abs(
					Math.hypot(...folded.W_dec.subarray(j * 12, (j + 1) * 12)) - 1,
				) < 1e-6,
			);
		const rows = someRows(50);
		const [before, after] = [
			await sae.encodeRows(rows),
			await folded.encodeRows(rows),
		];
		assert.deepEqual(after.indices, before.indices);
		before.values.forEach((v, at) => {
			const scaled = v * norms[before.indices[at]];
			assert.ok(Math.abs(after.values[at] - scaled) < 1e-5);
		});
		const back = folded.decode(after);
		sae.decode(before).forEach((v, i) => {
			assert.ok(Math.abs(back[i] - v) < 1e-5);
		});
		assert.deepEqual(folded.r_mag, sae.r_mag);
		assert.deepEqual(sae.W_dec, someSae(architecture).W_dec); // the old one is as it was
	});

test("a topk SAE is folded only where its decoder rows are equally long", async () => {
	const config = someConfig("topk");
	const own = someWeights(config);
	const sae = makeSae(config, own);
	assert.throws(() => sae.fold_W_dec_norm(), /change which latents are the k/);
	const W_dec = own.W_dec.slice();
	for (let j = 0; j < 30; j++) {
		const row = W_dec.subarray(j * 12, (j + 1) * 12);
		row.set(row.map((v) => (2 * v) / Math.hypot(...row)));
	}
	const even = makeSae(config, { ...own, W_dec });
	const rows = someRows(50);
	const [before, after] = [
		await even.encodeRows(rows),
		await even.fold_W_dec_norm().encodeRows(rows),
	];
	assert.deepEqual(after.indices, before.indices);
	before.values.forEach((v, i) => {
		assert.ok(Math.abs(after.values[i] - 2 * v) < 1e-5);
	});
});

test("folding keeps what is known of an SAE, and a latent without a direction", async () => {
	const sae = someSae("standard");
	sae.W_dec.fill(0, 0, 12);
	sae.stopped = "interrupted";
	sae.log_sparsity = new Float32Array(30).fill(-2);
	const folded = sae.fold_W_dec_norm();
	assert.equal(folded.stopped, "interrupted");
	assert.equal(folded.log_sparsity, sae.log_sparsity);
	assert.deepEqual(folded.W_dec.slice(0, 12), new Float32Array(12));
	assert.equal(folded.W_enc[0], sae.W_enc[0]);
});
