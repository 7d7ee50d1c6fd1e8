import { availableParallelism } from "node:os";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { type Allocation, allocate } from "../../kernels";
import type { Random } from "../../random";
import type { SaeWeights } from "../types";

/** The four tensors, in the order that they are walked through everywhere. */
export const parameters = ["W_enc", "b_enc", "W_dec", "b_dec"] as const;
export type Parameter = (typeof parameters)[number];

/** What the loss of one step is made of; every number is a mean over the batch's rows. */
export interface StepLoss {
	/** Σ over dimensions of (x̂ − x)². */
	mse: number;
	/** Σ over latents of f·‖W_dec‖. */
	l1: number;
	/** Latents that fire. */
	l0: number;
	/** The auxiliary loss, weighted; 0 where there is none. */
	aux: number;
}

/** An SAE in training: weights, gradients and moments in one memory that the kernels and ONNX Runtime share. */
export interface Trainee {
	/** `x` [batch, d_in] is where the rows of a step go; gradients are `g_…`, moments `m_…` and `v_…`. */
	store: Allocation;
	/** 1 for latents that fired in the last step. */
	fired: Uint8Array; // [d_sae]
	/** Fills the gradients from `x`. `l1`: the weight λ at this step; `dead`: the dead latents, ascending. */
	gradients(now: { l1: number; dead: Uint32Array }): Promise<StepLoss>;
	/** Makes the gradient obey the constraint on the weights, before they move. */
	projectGradient(): void;
	/** Makes the weights obey it, after they moved. */
	constrain(): void;
	/** Copies of the weights, in the layout of SAELens. */
	weights(): SaeWeights;
	/** Frees the sessions. */
	release(): Promise<void>;
}

/** The sizes that a trainee is made for. */
export interface TraineeShape {
	d_in: number;
	d_sae: number;
	batch: number;
}

/** One memory for the four parameters with gradients and moments, and whatever else is asked for. */
export function allocateParameters<Extra extends string>(
	{ d_in, d_sae, batch }: TraineeShape,
	extra: Record<Extra, number>,
) {
	const size = {
		W_enc: d_in * d_sae,
		b_enc: d_sae,
		W_dec: d_in * d_sae,
		b_dec: d_in,
	};
	const sizes: Record<string, number> = { x: batch * d_in, ...extra };
	for (const p of parameters)
		for (const part of ["", "g_", "m_", "v_"]) sizes[part + p] = size[p];
	return allocate(
		sizes as Record<
			Extra | "x" | Parameter | `${"g" | "m" | "v"}_${Parameter}`,
			number
		>,
	);
}

/** A session on the CPU with every core. */
export function createSession(graph: Uint8Array): Promise<InferenceSession> {
	return InferenceSession.create(graph, {
		intraOpNumThreads: availableParallelism(),
		interOpNumThreads: 1,
		logSeverityLevel: 3,
		// Threads that spin while they wait slow down the kernels beside them, and everyone else.
		extra: { session: { intra_op: { allow_spinning: "0" } } },
	});
}

/** Views of a memory as tensors: nothing is copied. */
export function floatTensor(data: Float32Array, dims: number[]): Tensor {
	return new Tensor("float32", data, dims);
}

/** Random directions of one length. */
export function randomRows(
	rows: number,
	width: number,
	norm: number,
	source: Random,
): Float32Array {
	const w = new Float32Array(rows * width);
	for (let r = 0; r < rows; r++) {
		const row = w.subarray(r * width, (r + 1) * width);
		let square = 0;
		for (let i = 0; i < width; i++) {
			row[i] = source.normal();
			square += row[i] * row[i];
		}
		const factor = norm / Math.sqrt(square);
		for (let i = 0; i < width; i++) row[i] *= factor;
	}
	return w;
}

/** [rows, columns] as [columns, rows]. */
export function transpose(
	from: Float32Array,
	rows: number,
	columns: number,
): Float32Array {
	const to = new Float32Array(from.length);
	for (let r = 0; r < rows; r++)
		for (let c = 0; c < columns; c++) to[c * rows + r] = from[r * columns + c];
	return to;
}
