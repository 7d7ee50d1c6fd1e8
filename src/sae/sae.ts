import type { Activations } from "../activations";
import { reportProgress } from "../progress";
import { makeEncoder, sparseBuilder } from "./encode";
import { saveSae } from "./files/save";
import type { Latents, Sae, SaeConfig, SaeWeights, SparseRows } from "./types";

/** An SAE from its config and weights. */
export function makeSae(cfg: SaeConfig, weights: SaeWeights): Sae {
	const encoder = makeEncoder(cfg, weights);
	async function encodeRows(x: Float32Array): Promise<SparseRows> {
		const to = sparseBuilder();
		await encoder(x, to);
		return to.build();
	}
	async function encode(
		acts: Activations,
		options: { signal?: AbortSignal } = {},
	): Promise<Latents> {
		checkWidth(acts, cfg);
		const to = sparseBuilder();
		let done = 0;
		for await (const rows of acts.batches({ size: 4096 })) {
			options.signal?.throwIfAborted();
			await encoder(rows, to);
			done += rows.length / cfg.d_in;
			const total = acts.n_tokens;
			reportProgress({ label: "encode", done, total, unit: "tokens" });
		}
		const { d_sae } = cfg;
		const sparse = to.build();
		return { kind: "latents", d_sae, ...sparse, rows: acts.rows, acts, sae };
	}
	const sae: Sae = {
		kind: "sae",
		cfg,
		W_enc: weights.W_enc,
		b_enc: weights.b_enc,
		W_dec: weights.W_dec,
		b_dec: weights.b_dec,
		history: {
			kind: "training",
			architecture: cfg.architecture,
			records: [],
		},
		seconds: 0,
		encode,
		encodeRows,
		decode: (latents, rows = {}) =>
			decode(cfg, weights, latents, rows.from ?? 0, rows.to),
		reconstruct: async (x) => decode(cfg, weights, await encodeRows(x), 0),
		save: (folder) => saveSae(folder, cfg, weights),
	};
	return sae;
}

function checkWidth(acts: Activations, cfg: SaeConfig): void {
	if (acts.d_in !== cfg.d_in)
		throw new Error(
			`The activations at ${acts.hook_name} are ${acts.d_in} wide and this SAE reads ${cfg.d_in}: extract them at "${cfg.hook_name}" of ${cfg.model_name}.`,
		);
}

/** x̂ = f W_dec + b_dec, from the latents that fire alone. */
function decode(
	{ d_in }: SaeConfig,
	{ W_dec, b_dec }: SaeWeights,
	{ indptr, indices, values }: SparseRows,
	from: number,
	to = indptr.length - 1,
): Float32Array {
	const n = indptr.length - 1;
	if (!(from >= 0 && from <= to && to <= n))
		throw new Error(
			`Rows ${from} to ${to} were asked for, and there are ${n}.`,
		);
	const out = new Float32Array((to - from) * d_in);
	for (let row = from; row < to; row++) {
		const x = out.subarray((row - from) * d_in, (row - from + 1) * d_in);
		x.set(b_dec);
		for (let j = indptr[row]; j < indptr[row + 1]; j++) {
			const [value, at] = [values[j], indices[j] * d_in];
			for (let i = 0; i < d_in; i++) x[i] += value * W_dec[at + i];
		}
	}
	return out;
}
