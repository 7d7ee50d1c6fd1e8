import { type InferenceSession, Tensor } from "onnxruntime-node";
import { OnnxGraph } from "../../formats/onnx";
import type { Entries, SparseStore } from "./sparse";
import { createSession, floatTensor } from "./store";
import type { TraineeShape } from "./trainee";

/** What ONNX Runtime encodes from: copies, since it takes no shared memory. */
export interface EncoderInputs {
	feeds: Record<"rows" | "latents", Tensor>;
	/** Copies what `centred`, W_enc and b_enc have become. */
	update(): void;
}

/**
 * With a bias ONNX Runtime's Gemm takes a fifth longer: it fills the output with it first. So each latent is W_enc[i]
 * with b_enc[i] behind it, and each row x − b_dec with a 1; zeros up to a multiple of four.
 */
const lengthOf = (d_in: number) => 4 * Math.ceil((d_in + 1) / 4);

export function encoderInputs(
	{
		array,
	}: { array: Pick<SparseStore["array"], "centred" | "W_enc" | "b_enc"> },
	{ d_in, d_sae, batch }: TraineeShape,
): EncoderInputs {
	const length = lengthOf(d_in);
	const rows = new Float32Array(batch * length);
	for (let r = 0; r < batch; r++) rows[r * length + d_in] = 1;
	const latents = new Float32Array(d_sae * length);
	const copies = [
		...rowCopies(array.centred, rows, d_in),
		...rowCopies(array.W_enc, latents, d_in),
	];
	return {
		feeds: {
			rows: floatTensor(rows, [batch, length]),
			latents: floatTensor(latents, [d_sae, length]),
		},
		update() {
			for (const { from, to } of copies) to.set(from);
			for (let i = 0; i < d_sae; i++)
				latents[i * length + d_in] = array.b_enc[i];
		},
	};
}

/** Views of the rows of `from` [.., d], and of where they begin in as many longer rows. */
function rowCopies(from: Float32Array, to: Float32Array, d: number) {
	const n = from.length / d;
	const length = to.length / n;
	return Array.from({ length: n }, (_, r) => ({
		from: from.subarray(r * d, (r + 1) * d),
		to: to.subarray(r * length, r * length + d),
	}));
}

/** A graph that is fed `EncoderInputs`, with the pre-activations [batch, d_sae]. */
export function encoderGraph({ d_in, d_sae, batch }: TraineeShape) {
	const g = new OnnxGraph();
	g.input("rows", "float32", [batch, lengthOf(d_in)]);
	g.input("latents", "float32", [d_sae, lengthOf(d_in)]);
	const pre = g.op("Gemm", ["rows", "latents"], { transB: 1 });
	return { g, pre };
}

/** A session that puts the n largest pre-activations among the dead latents into `entries`, without ReLU. */
export async function openReviver(
	{ feeds }: EncoderInputs,
	{ d_in, d_sae, batch }: TraineeShape,
) {
	const g = new OnnxGraph();
	g.input("rows", "float32", [batch, lengthOf(d_in)]);
	g.input("latents", "float32", [d_sae, lengthOf(d_in)]);
	g.input("dead", "int64", ["dead"]);
	g.input("n", "int64", [1]);
	const some = g.op("Gather", ["latents", "dead"]);
	const pre = g.op("Gemm", ["rows", some], { transB: 1 });
	g.ops("TopK", [pre, "n"], { sorted: 0 }, ["values", "which"]);
	const chosen = g.op("Gather", ["dead", "which"]);
	g.op("Cast", [chosen], { to: 6 }, "indices");
	const session: InferenceSession = await createSession(
		g.build(["values", "indices"]),
	);
	const int64 = (numbers: ArrayLike<number>) =>
		new Tensor("int64", BigInt64Array.from(Array.from(numbers, BigInt)), [
			numbers.length,
		]);
	return {
		async run(dead: Uint32Array, n: number, entries: Entries): Promise<void> {
			const chosen = await session.run({
				...feeds,
				dead: int64(dead),
				n: int64([n]),
			});
			entries.values.set(chosen.values.data as Float32Array);
			entries.indices.set(chosen.indices.data as Int32Array);
			evenRows(entries, n);
		},
		release: () => session.release(),
	};
}

/** Every row has n entries. */
export function evenRows({ indptr }: Entries, n: number): void {
	for (let r = 0; r < indptr.length; r++) indptr[r] = r * n;
}
