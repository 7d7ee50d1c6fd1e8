import type { Activations } from "../activations";
import { listenTo } from "../interrupt";
import { reportProgress } from "../progress";
import { centredRows, checkRows, makeEncoder } from "./encode";
import { logSparsity, saveSae } from "./files/save";
import { foldDecoderNorms } from "./fold";
import { restoreRows } from "./normalize";
import { sparseBuilder } from "./sparse-rows";
import type { Latents, Sae, SaeConfig, SaeWeights, SparseRows } from "./types";
import { mismatches } from "./warnings";

/** What an SAE may have beside its config and weights. */
export type SaeExtras = Pick<Sae, "log_sparsity" | "warnings" | "trained_on">;

/** An SAE from its config and weights, which it keeps as they are: do not change them afterwards. */
export function makeSae(
	cfg: SaeConfig,
	weights: SaeWeights,
	extras: SaeExtras = {},
): Sae {
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
		const signal = listenTo(options.signal);
		const warnings = [...(sae.warnings ?? []), ...mismatches(cfg, acts)];
		const to = sparseBuilder();
		let done = 0;
		for await (const rows of acts.batches({ size: 4096 })) {
			signal?.throwIfAborted();
			await encoder(rows, to);
			done += rows.length / cfg.d_in;
			const total = acts.n_tokens;
			reportProgress({ label: "encode", done, total, unit: "tokens" });
		}
		return {
			kind: "latents",
			...(warnings.length && { warnings }),
			d_sae: cfg.d_sae,
			...to.build(),
			rows: acts.rows,
			acts,
			sae,
		};
	}
	const sae: Sae = {
		...weights,
		kind: "sae",
		cfg,
		history: {
			kind: "training",
			architecture: cfg.trained_as ?? cfg.architecture,
			records: [],
		},
		seconds: 0,
		...extras,
		encode,
		encodeRows,
		decode: (latents, rows = {}) =>
			decode(cfg, weights, latents, rows.from ?? 0, rows.to),
		input(x) {
			checkRows(x, cfg.d_in);
			return centredRows(x, cfg);
		},
		reconstruct: async (x) => decode(cfg, weights, await encodeRows(x), 0),
		fold_W_dec_norm() {
			const folded = makeSae(cfg, foldDecoderNorms(cfg, weights));
			const { history, seconds, stopped, log_sparsity, warnings } = sae;
			const { trained_on } = sae;
			const same = { stopped, log_sparsity, warnings, trained_on };
			return Object.assign(folded, { history, seconds }, present(same));
		},
		save: (folder, { density } = {}) =>
			saveSae(folder, cfg, weights, {
				log_sparsity: density ? logSparsity(density, cfg) : sae.log_sparsity,
				trained_on: sae.trained_on,
			}),
	};
	return sae;
}

function present<T extends object>(some: T): Partial<T> {
	const entries = Object.entries(some).filter(([, v]) => v !== undefined);
	return Object.fromEntries(entries) as Partial<T>;
}

function checkWidth(acts: Activations, cfg: SaeConfig): void {
	if (acts.d_in !== cfg.d_in)
		throw new Error(
			`The activations at ${acts.hook_name} are ${acts.d_in} wide and this SAE reads ${cfg.d_in}: extract them at "${cfg.hook_name}" of ${cfg.model_name}.`,
		);
}

/** x̂ = f W_dec + b_dec, from the latents that fire alone; then each row's scaling is undone. */
function decode(
	{ d_in }: SaeConfig,
	{ W_dec, b_dec }: SaeWeights,
	{ indptr, indices, values, scaling }: SparseRows,
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
	if (scaling)
		restoreRows(out, d_in, {
			shift: scaling.shift.subarray(from, to),
			scale: scaling.scale.subarray(from, to),
		});
	return out;
}
