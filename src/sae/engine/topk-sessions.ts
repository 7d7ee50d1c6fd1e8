import { Tensor } from "onnxruntime-node";
import { OnnxGraph } from "../../formats/onnx";
import { allocateStore, createSession, floatTensor } from "./store";
import type { TraineeShape } from "./trainee";

/** ⌊d_in/2⌋, at least 1: how many dead latents help a row at most, and how many count as all of them. */
export function halfWidth(d_in: number): number {
	return Math.max(1, Math.floor(d_in / 2));
}

export type TopkStore = ReturnType<typeof allocateTopk>;

export function allocateTopk(shape: TraineeShape, k: number) {
	const { d_in, batch } = shape;
	const half = halfWidth(d_in);
	return allocateStore(shape, ["W_enc", "b_enc", "W_dec", "b_dec"], {
		centred: batch * d_in, // x − b_dec
		error: batch * d_in,
		row: d_in,
		values: batch * k,
		indices: batch * k, // int32
		aux_values: batch * half,
		aux_indices: batch * half, // int32
	});
}

/** A session that fills `centred`, and `values` and `indices` with the k largest pre-activations of each row, through ReLU. */
export async function openEncoder(
	{ array, at, memory }: TopkStore,
	{ d_in, d_sae, batch }: TraineeShape,
	k: number,
) {
	const g = new OnnxGraph();
	g.input("x", "float32", [batch, d_in]);
	g.input("W_enc", "float32", [d_sae, d_in]);
	g.input("b_enc", "float32", [d_sae]);
	g.input("b_dec", "float32", [d_in]);
	g.op("Sub", ["x", "b_dec"], {}, "centred");
	const pre = g.op("Gemm", ["centred", "W_enc", "b_enc"], { transB: 1 });
	g.ops("TopK", [pre, g.int([k])], { sorted: 0 }, ["kept", "which"]);
	g.op("Relu", ["kept"], {}, "values");
	g.op("Cast", ["which"], { to: 6 }, "indices");
	const session = await createSession(
		g.build(["centred", "values", "indices"]),
	);
	const indices = new Int32Array(memory.buffer, at.indices, batch * k);
	const feeds = {
		x: floatTensor(array.x, [batch, d_in]),
		W_enc: floatTensor(array.W_enc, [d_sae, d_in]),
		b_enc: floatTensor(array.b_enc, [d_sae]),
		b_dec: floatTensor(array.b_dec, [d_in]),
	};
	const fetches = {
		centred: floatTensor(array.centred, [batch, d_in]),
		values: floatTensor(array.values, [batch, k]),
		indices: new Tensor("int32", indices, [batch, k]),
	};
	return {
		indices,
		run: () => session.run(feeds, fetches),
		release: () => session.release(),
	};
}

/** A session that fills `aux_values` and `aux_indices` with the n largest pre-activations among the dead latents. */
export async function openReviver(
	{ array, at, memory }: TopkStore,
	{ d_in, d_sae, batch }: TraineeShape,
) {
	const g = new OnnxGraph();
	g.input("centred", "float32", [batch, d_in]);
	g.input("W_enc", "float32", [d_sae, d_in]);
	g.input("b_enc", "float32", [d_sae]);
	g.input("dead", "int64", ["dead"]);
	g.input("n", "int64", [1]);
	const weights = g.op("Gather", ["W_enc", "dead"]);
	const bias = g.op("Gather", ["b_enc", "dead"]);
	const pre = g.op("Gemm", ["centred", weights, bias], { transB: 1 });
	g.ops("TopK", [pre, "n"], { sorted: 0 }, ["values", "which"]);
	const latents = g.op("Gather", ["dead", "which"]);
	g.op("Cast", [latents], { to: 6 }, "indices");
	const session = await createSession(g.build(["values", "indices"]));
	const int64 = (numbers: ArrayLike<number>) =>
		new Tensor("int64", BigInt64Array.from(Array.from(numbers, BigInt)), [
			numbers.length,
		]);
	return {
		async run(dead: Uint32Array, n: number): Promise<void> {
			const chosen = await session.run({
				centred: floatTensor(array.centred, [batch, d_in]),
				W_enc: floatTensor(array.W_enc, [d_sae, d_in]),
				b_enc: floatTensor(array.b_enc, [d_sae]),
				dead: int64(dead),
				n: int64([n]),
			});
			array.aux_values.set(chosen.values.data as Float32Array);
			const indices = chosen.indices.data as Int32Array;
			new Int32Array(memory.buffer, at.aux_indices).set(indices);
		},
		release: () => session.release(),
	};
}
