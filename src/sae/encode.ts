import type { InferenceSession, Tensor } from "onnxruntime-node";
import { OnnxGraph } from "../formats/onnx";
import { createSession, floatTensor } from "./engine/store";
import type { SaeConfig, SaeWeights, SparseRows } from "./types";

/** Encodes rows [n, d_in], and adds what it finds to `to`. */
export type Encoder = (x: Float32Array, to: SparseBuilder) => Promise<void>;

/** The encoder of an SAE; its session is made at the first call. */
export function makeEncoder(cfg: SaeConfig, weights: SaeWeights): Encoder {
	const { d_in, d_sae } = cfg;
	// A chunk of rows is dense for a moment: at most 64 MiB.
	const chunk = Math.max(16, Math.min(4096, Math.floor(2 ** 24 / d_sae)));
	let session: Promise<InferenceSession> | undefined;
	return async (x, to) => {
		checkRows(x, d_in);
		session ??= createSession(encodeGraph(cfg));
		const run = await session;
		for (let from = 0; from < x.length; from += chunk * d_in) {
			const rows = x.subarray(from, from + chunk * d_in);
			const n = rows.length / d_in;
			const out = await run.run({
				x: floatTensor(rows, [n, d_in]),
				W_enc: floatTensor(weights.W_enc, [d_in, d_sae]),
				b_enc: floatTensor(weights.b_enc as Float32Array, [d_sae]),
				b_dec: floatTensor(weights.b_dec, [d_in]),
			});
			if (cfg.architecture === "topk") addChosen(to, out, n);
			else addDense(to, out.f.data as Float32Array, n);
		}
	};
}

function checkRows(x: Float32Array, d_in: number): void {
	if (x.length % d_in !== 0)
		throw new Error(
			`${x.length} values do not make whole rows of ${d_in}, the width that this SAE reads.`,
		);
	const bad = x.findIndex((v) => !Number.isFinite(v));
	if (bad >= 0)
		throw new Error(
			`Row ${Math.floor(bad / d_in)} of the activations holds ${x[bad]}, which is no finite number: extract them again.`,
		);
}

function encodeGraph({ architecture, d_in, d_sae, k = 1 }: SaeConfig) {
	const g = new OnnxGraph();
	g.input("x", "float32", ["rows", d_in]);
	g.input("W_enc", "float32", [d_in, d_sae]);
	g.input("b_enc", "float32", [d_sae]);
	g.input("b_dec", "float32", [d_in]);
	const centred = g.op("Sub", ["x", "b_dec"]);
	const pre = g.op("Gemm", [centred, "W_enc", "b_enc"]);
	if (architecture === "standard") {
		g.op("Relu", [pre], {}, "f");
		return g.build(["f"]);
	}
	g.ops("TopK", [pre, g.int([k])], { sorted: 0 }, ["values", "which"]);
	g.op("Cast", ["which"], { to: 6 }, "indices");
	return g.build(["values", "indices"]);
}

/** Rows of k chosen latents, in any order, some of which may not be above zero. */
function addChosen(
	to: SparseBuilder,
	out: Record<string, Tensor>,
	n: number,
): void {
	const values = out.values.data as Float32Array;
	const indices = out.indices.data as Int32Array;
	const k = values.length / n;
	for (let from = 0; from < values.length; from += k) {
		sortByIndex(indices, values, from, from + k);
		for (let j = from; j < from + k; j++)
			if (values[j] > 0) to.add(indices[j], values[j]);
		to.endRow();
	}
}

/** Insertion sort of one short row, in place. */
function sortByIndex(
	indices: Int32Array,
	values: Float32Array,
	from: number,
	to: number,
): void {
	for (let i = from + 1; i < to; i++) {
		const [index, value] = [indices[i], values[i]];
		let j = i;
		for (; j > from && indices[j - 1] > index; j--) {
			indices[j] = indices[j - 1];
			values[j] = values[j - 1];
		}
		indices[j] = index;
		values[j] = value;
	}
}

function addDense(to: SparseBuilder, f: Float32Array, n: number): void {
	const d_sae = f.length / n;
	for (let row = 0; row < n; row++) {
		for (let i = 0, at = row * d_sae; i < d_sae; i++, at++)
			if (f[at] > 0) to.add(i, f[at]);
		to.endRow();
	}
}

/** Compressed rows that grow. */
export interface SparseBuilder {
	add(index: number, value: number): void;
	endRow(): void;
	build(): SparseRows;
}

export function sparseBuilder(): SparseBuilder {
	const ends: number[] = [0];
	let indices = new Uint32Array(1024);
	let values = new Float32Array(1024);
	let n = 0;
	return {
		add(index, value) {
			if (n === indices.length) {
				const [i, v] = [indices, values];
				indices = new Uint32Array(2 * n);
				values = new Float32Array(2 * n);
				indices.set(i);
				values.set(v);
			}
			indices[n] = index;
			values[n++] = value;
		},
		endRow: () => {
			ends.push(n);
		},
		build: () => ({
			indptr: Float64Array.from(ends),
			indices: indices.slice(0, n),
			values: values.slice(0, n),
		}),
	};
}
