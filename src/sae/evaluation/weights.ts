import type { InferenceSession } from "onnxruntime-node";
import { OnnxGraph } from "../../formats/onnx";
import { createSession, floatTensor } from "../engine/store";
import type { Sae, SaeWeights } from "../types";

/** What the weights alone say of each latent: all arrays are [d_sae]. */
export interface WeightMetrics {
	/** The length of its column of W_enc. */
	encoder_norm: Float32Array;
	/** b_enc; absent where there is none (gated). */
	encoder_bias?: Float32Array;
	/** The cosine between its column of W_enc and its row of W_dec. */
	encoder_decoder_cosine_sim: Float32Array;
	/**
	 * The greatest cosine of its row of W_dec to another latent's: 1 for a latent that is there twice. Of a wide SAE,
	 * only of latents evenly spread, each compared with all; NaN for the others.
	 */
	decoder_cosine: Float32Array;
	/** Mean of `decoder_cosine`, over the latents that have one. */
	mean_decoder_cosine: number;
}

/** Of wider SAEs, so many latents are compared with all: 2,048 of 24,576 by 768 are 77 GFLOP. */
const COMPARED = 2048;
/** Cosines of one block, in bytes. */
const BLOCK_BYTES = 64e6;

/** `compared`: how many latents `decoder_cosine` is of. On `signal` it throws the signal's reason. */
export async function weightMetrics(
	sae: Pick<Sae, "cfg" | keyof SaeWeights>,
	options: { compared?: number; signal?: AbortSignal } = {},
): Promise<WeightMetrics> {
	const { d_in, d_sae } = sae.cfg;
	const { W_enc, W_dec, b_enc } = sae;
	const squares = new Float64Array(d_sae);
	const dots = new Float64Array(d_sae);
	for (let i = 0, at = 0; i < d_in; i++)
		for (let j = 0; j < d_sae; j++, at++) {
			squares[j] += W_enc[at] ** 2;
			dots[j] += W_enc[at] * W_dec[j * d_in + i];
		}
	const norms = squares.map(Math.sqrt);
	const lengths = rowLengths(W_dec, d_in);
	const cosines = await greatestCosines(W_dec, lengths, d_in, options);
	const known = cosines.filter((cosine) => !Number.isNaN(cosine));
	return {
		encoder_norm: Float32Array.from(norms),
		...(b_enc && { encoder_bias: b_enc.slice() }),
		encoder_decoder_cosine_sim: Float32Array.from(
			dots,
			(dot, j) => dot / (norms[j] * lengths[j] || 1),
		),
		decoder_cosine: cosines,
		mean_decoder_cosine: known.reduce((a, b) => a + b, 0) / known.length,
	};
}

function rowLengths(rows: Float32Array, width: number): Float64Array {
	const lengths = new Float64Array(rows.length / width);
	for (let at = 0; at < rows.length; at++)
		lengths[Math.floor(at / width)] += rows[at] ** 2;
	return lengths.map(Math.sqrt);
}

/** Each chosen row's greatest cosine to another row, block by block; NaN for the rows that are not chosen. */
async function greatestCosines(
	rows: Float32Array,
	lengths: Float64Array,
	d: number,
	{ compared = COMPARED, signal }: { compared?: number; signal?: AbortSignal },
): Promise<Float32Array> {
	const n = lengths.length;
	const out = new Float32Array(n).fill(Number.NaN);
	if (n < 2) return out;
	const unit = new Float32Array(rows.length);
	for (let at = 0; at < rows.length; at++)
		unit[at] = rows[at] / (lengths[Math.floor(at / d)] || 1);
	const amount = Math.min(n, compared);
	const session = await createSession(cosineGraph(d));
	try {
		const size = Math.max(1, Math.floor(BLOCK_BYTES / (4 * n)));
		for (let from = 0; from < amount; from += size) {
			signal?.throwIfAborted();
			const chosen = Array.from(
				{ length: Math.min(size, amount - from) },
				(_, i) => Math.floor(((from + i) * n) / amount),
			);
			const seconds = await secondCosines(session, unit, chosen, d);
			for (const [i, row] of chosen.entries()) out[row] = seconds[2 * i + 1];
		}
	} finally {
		await session.release();
	}
	return out;
}

async function secondCosines(
	session: InferenceSession,
	unit: Float32Array,
	chosen: number[],
	d: number,
): Promise<Float32Array> {
	const block = new Float32Array(chosen.length * d);
	for (const [i, row] of chosen.entries())
		block.set(unit.subarray(row * d, (row + 1) * d), i * d);
	const { largest } = await session.run({
		block: floatTensor(block, [chosen.length, d]),
		all: floatTensor(unit, [unit.length / d, d]),
	});
	return largest.data as Float32Array;
}

/** The two largest cosines of each row of a block: the larger is that with itself. */
function cosineGraph(d: number): Uint8Array {
	const g = new OnnxGraph();
	const block = g.input("block", "float32", ["rows", d]);
	const all = g.input("all", "float32", ["n", d]);
	const cosines = g.op("Gemm", [block, all], { transB: 1 });
	g.ops("TopK", [cosines, g.int([2])], {}, ["largest", "which"]);
	return g.build(["largest"]);
}
