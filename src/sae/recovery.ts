import type { InferenceSession } from "onnxruntime-node";
import { checkFinite } from "../finite";
import { OnnxGraph } from "../formats/onnx";
import { listenTo } from "../interrupt";
import { createSession, floatTensor } from "./engine/store";

/** How many of the true directions an autoencoder has found. */
export interface Recovery {
	kind: "recovery";
	/** Mean over the true directions of the cosine with the latent whose direction is nearest. */
	mean_max_cosine: number;
	/** Share of the true directions whose nearest latent has a cosine of at least `threshold`. */
	recovered: number;
	threshold: number;
	/** Of each true direction: the cosine with its nearest latent, … */
	best: Float32Array; // [d_true]
	/** … and that latent's number; of equal ones the first. */
	latent: Uint32Array; // [d_true]
}

/** Latents, and true directions, that are compared at once: 16 MiB of cosines. */
const [LATENTS, DIRECTIONS] = [4096, 1024];

/**
 * Compares true directions with the rows of W_dec: for each of them the latent with the largest cosine. A latent may be
 * the nearest of several. A row of zeros has no direction, and the cosine 0 with everything.
 *
 * @param directions [d_true, d_in], of any lengths above zero
 * @param sae a trained SAE, or rows [d_sae, d_in] of that name
 * @param options `threshold`: from which cosine on a direction counts as found; default 0.9.
 *   `signal`: ends the work, with its reason as error; default: the notebook's interrupt
 */
export async function recovery(
	directions: Float32Array,
	sae: { W_dec: Float32Array; cfg: { d_in: number } },
	options: { threshold?: number; signal?: AbortSignal } = {},
): Promise<Recovery> {
	const { threshold = 0.9 } = options;
	const signal = listenTo(options.signal);
	const { d_in } = sae.cfg;
	const truth = unitRows("directions", directions, d_in);
	const latents = unitRows("W_dec", sae.W_dec, d_in);
	if (!(threshold >= -1 && threshold <= 1))
		throw new Error(
			`threshold is ${threshold}; a cosine from -1 to 1 is needed.`,
		);
	const d_true = truth.length / d_in;
	const best = new Float32Array(d_true).fill(-2);
	const latent = new Uint32Array(d_true);
	const session = await createSession(nearestGraph(d_in));
	try {
		for (let t = 0; t < d_true; t += DIRECTIONS)
			for (let l = 0; l * d_in < latents.length; l += LATENTS) {
				signal?.throwIfAborted();
				const found = await nearest(
					session,
					truth.subarray(t * d_in, (t + DIRECTIONS) * d_in),
					latents.subarray(l * d_in, (l + LATENTS) * d_in),
					d_in,
				);
				for (let i = 0; i < found.cosine.length; i++) {
					if (!(found.cosine[i] > best[t + i])) continue;
					best[t + i] = found.cosine[i];
					latent[t + i] = l + found.which[i];
				}
			}
	} finally {
		await session.release();
	}
	let [sum, n] = [0, 0];
	for (const cosine of best) {
		sum += cosine;
		if (cosine >= threshold) n++;
	}
	return {
		kind: "recovery",
		mean_max_cosine: sum / d_true,
		recovered: n / d_true,
		threshold,
		best,
		latent,
	};
}

/** Rows and latents, both of length 1 → the largest cosine of each row, and where it is. */
function nearestGraph(d_in: number): Uint8Array {
	const g = new OnnxGraph();
	g.input("rows", "float32", ["rows", d_in]);
	g.input("latents", "float32", ["latents", d_in]);
	const cosines = g.op("Gemm", ["rows", "latents"], { transB: 1 });
	g.op("ReduceMax", [cosines, g.int([1])], { keepdims: 0 }, "cosine");
	const which = g.op("ArgMax", [cosines], { axis: 1, keepdims: 0 });
	g.op("Cast", [which], { to: 6 }, "which");
	return g.build(["cosine", "which"]);
}

async function nearest(
	session: InferenceSession,
	rows: Float32Array,
	latents: Float32Array,
	d_in: number,
) {
	const out = await session.run({
		rows: floatTensor(rows, [rows.length / d_in, d_in]),
		latents: floatTensor(latents, [latents.length / d_in, d_in]),
	});
	return {
		cosine: out.cosine.data as Float32Array,
		which: out.which.data as Int32Array,
	};
}

/** A copy whose rows have the length 1; rows of zeros stay. */
function unitRows(
	name: string,
	rows: Float32Array,
	width: number,
): Float32Array {
	if (rows.length === 0 || rows.length % width !== 0)
		throw new Error(
			`${name} has ${rows.length} values, which do not make rows of ${width}, the width of this SAE.`,
		);
	checkFinite(rows, width, name);
	const unit = new Float32Array(rows.length);
	for (let at = 0; at < rows.length; at += width) {
		let square = 0;
		for (let i = at; i < at + width; i++) square += rows[i] * rows[i];
		const length = Math.sqrt(square) || 1;
		for (let i = at; i < at + width; i++) unit[i] = rows[i] / length;
	}
	return unit;
}
