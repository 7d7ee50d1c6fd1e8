import { InferenceSession, Tensor } from "onnxruntime-node";
import { bytesOf } from "../../formats/safetensors";
import { type Allocation, allocate } from "../../kernels";
import { allowedThreads } from "../../threads";
import type { Parameter, TraineeShape } from "./trainee";

/** An SAE in training in one memory: `x` [batch, d_in], and of each parameter `p` the arrays `p`, `g_p`, `m_p`, `v_p`. */
export type Store<Extra extends string = never> = Allocation<
	Extra | "x" | Parameter | `${"g" | "m" | "v"}_${Parameter}`
>;

/** How many numbers a parameter has. */
export function sizeOf(
	parameter: Parameter,
	{ d_in, d_sae }: TraineeShape,
): number {
	if (parameter === "W_enc" || parameter === "W_dec") return d_in * d_sae;
	return parameter === "b_dec" ? d_in : d_sae;
}

/**
 * One memory for the parameters with gradients and moments, and whatever else is asked for. With `threads` it is
 * shared by so many, and ONNX Runtime does not take its arrays.
 */
export function allocateStore<Extra extends string>(
	shape: TraineeShape,
	parameters: readonly Parameter[],
	extra: Record<Extra, number>,
	threads?: number,
): Store<Extra> {
	const sizes: Record<string, number> = {
		x: shape.batch * shape.d_in,
		...extra,
	};
	for (const p of parameters)
		for (const part of ["", "g_", "m_", "v_"])
			sizes[part + p] = sizeOf(p, shape);
	return allocate(sizes, threads) as Store<Extra>;
}

/**
 * A session on the CPU with every core that may be used. `constants` are the external tensors of the graph, by location: they are
 * copied, and packed for the products. With `spin` its threads wait for the next operation of a run awake, for a tenth of
 * a millisecond: for graphs of many short ones.
 */
export function createSession(
	graph: Uint8Array,
	constants: Record<string, Float32Array> = {},
	spin = false,
): Promise<InferenceSession> {
	return InferenceSession.create(graph, {
		externalData: Object.entries(constants).map(([path, data]) => ({
			path,
			data: bytesOf(data),
		})),
		intraOpNumThreads: allowedThreads(),
		interOpNumThreads: 1,
		// A plan of the memory is made after the first run, as a second allocation beside it.
		enableMemPattern: false,
		logSeverityLevel: 3,
		// Threads that spin between runs slow down the kernels, and everyone else.
		extra: {
			session: spin
				? {
						intra_op: { allow_spinning: "1", spin_duration_us: "100" },
						force_spinning_stop: "1",
					}
				: { intra_op: { allow_spinning: "0" } },
		},
	});
}

/** Views of a memory as tensors: nothing is copied. */
export function floatTensor(data: Float32Array, dims: number[]): Tensor {
	return new Tensor("float32", data, dims);
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
