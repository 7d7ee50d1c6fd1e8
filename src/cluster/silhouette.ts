import { InferenceSession, Tensor } from "onnxruntime-node";
import {
	type DenseMatrix,
	type Matrix,
	type SparseMatrix,
	squaredLengths,
	takeRows,
} from "../activations";
import { OnnxGraph } from "../formats/onnx";
import { turns } from "../interrupt";
import { random } from "../random";
import { allowedThreads } from "../threads";
import { squareBetween } from "./distances";

/** Rows that a silhouette looks at, at most. */
const SAMPLE = 2000;
/** Squared distances below this share of the squared lengths are taken from the differences, without cancellation. */
const CLOSE = 1e-6;

/**
 * Mean silhouette (Rousseeuw 1987) of a seeded sample of rows: (b − a) / max(a, b), with a the mean distance to the
 * sampled rows of the same cluster and b the least mean distance to those of another. A row alone in its cluster
 * counts 0. NaN where the sample holds one cluster only. Distances are Euclidean, in 64 bits.
 */
export async function silhouette(
	x: Matrix,
	assignment: ArrayLike<number>,
	options: { sample?: number; seed: number },
): Promise<number> {
	return (await silhouettes(x, options))(assignment);
}

/** The silhouette of any grouping of the rows; the distances are computed once. */
export async function silhouettes(
	x: Matrix,
	{ sample = SAMPLE, seed }: { sample?: number; seed: number },
): Promise<(assignment: ArrayLike<number>) => number> {
	const all = Uint32Array.from({ length: x.rows }, (_, i) => i);
	const rows =
		x.rows > sample ? random(seed).shuffle(all).slice(0, sample).sort() : all;
	const distances = await pairDistances(takeRows(x, rows));
	return (assignment) =>
		meanSilhouette(
			distances,
			Uint32Array.from(rows, (i) => assignment[i]),
		);
}

function meanSilhouette(distances: Float64Array, own: Uint32Array): number {
	const k = own.reduce((most, c) => Math.max(most, c), 0) + 1;
	const n = own.length;
	const sizes = new Float64Array(k);
	for (const c of own) sizes[c]++;
	if (sizes.filter((size) => size > 0).length < 2) return Number.NaN;
	const totals = new Float64Array(n * k); // of each row to each cluster
	for (let i = 1, at = 0; i < n; i++)
		for (let j = 0; j < i; j++, at++) {
			totals[i * k + own[j]] += distances[at];
			totals[j * k + own[i]] += distances[at];
		}
	let sum = 0;
	for (let i = 0; i < n; i++) {
		const c = own[i];
		if (sizes[c] === 1) continue;
		const a = totals[i * k + c] / (sizes[c] - 1);
		let b = Number.POSITIVE_INFINITY;
		for (let other = 0; other < k; other++)
			if (other !== c && sizes[other] > 0)
				b = Math.min(b, totals[i * k + other] / sizes[other]);
		if (Math.max(a, b) > 0) sum += (b - a) / Math.max(a, b);
	}
	return sum / n;
}

/** Euclidean distances between all rows; that of i and j < i is at i (i − 1) / 2 + j. */
async function pairDistances(x: Matrix): Promise<Float64Array> {
	const lengths = squaredLengths(x);
	const distances = new Float64Array((x.rows * (x.rows - 1)) / 2);
	const turn = turns();
	const dots = x.kind === "dense" ? await denseProducts(x) : sparseProducts(x);
	for (let i = 1, at = 0; i < x.rows; i++) {
		if (i % 64 === 0) await turn();
		const to = dots(i);
		for (let j = 0; j < i; j++, at++) {
			const both = lengths[i] + lengths[j];
			const square = both - 2 * to[j];
			distances[at] = Math.sqrt(
				square > CLOSE * both ? square : squareBetween(x, i, j),
			);
		}
	}
	return distances;
}

/** Gives row i's products with the rows before it; asked for every i from 1 on, in order. */
type RowProducts = (i: number) => Float64Array;

let session: Promise<InferenceSession> | undefined;

async function denseProducts({
	data,
	rows,
	columns,
}: DenseMatrix): Promise<RowProducts> {
	session ??= gram();
	const x = new Tensor("float64", Float64Array.from(data), [rows, columns]);
	const all = (await (await session).run({ x })).y.data as Float64Array;
	return (i) => all.subarray(i * rows, (i + 1) * rows);
}

/** X Xᵀ in 64 bits. */
function gram(): Promise<InferenceSession> {
	const graph = new OnnxGraph();
	const x = graph.input("x", "float64", ["rows", "columns"]);
	graph.op("Gemm", [x, x], { transB: 1 }, "y");
	return InferenceSession.create(graph.build(["y"]), {
		intraOpNumThreads: allowedThreads(),
	});
}

/** Each row goes through the lists of the earlier rows that share a column with it: what is zero costs nothing. */
function sparseProducts(x: SparseMatrix): RowProducts {
	const end = new Int32Array(x.columns); // of each column's list, which grows row by row
	const stored = new Int32Array(x.columns);
	for (const j of x.indices) stored[j]++;
	for (let j = 1; j < x.columns; j++) end[j] = end[j - 1] + stored[j - 1];
	const begin = end.slice();
	const row = new Int32Array(x.indices.length);
	const value = new Float32Array(x.indices.length);
	const dots = new Float64Array(x.rows);
	const enter = (i: number) => {
		for (let p = x.indptr[i]; p < x.indptr[i + 1]; p++) {
			const q = end[x.indices[p]]++;
			row[q] = i;
			value[q] = x.values[p];
		}
	};
	return (i) => {
		enter(i - 1);
		dots.fill(0, 0, i);
		for (let p = x.indptr[i]; p < x.indptr[i + 1]; p++) {
			const v = x.values[p];
			const to = end[x.indices[p]];
			for (let q = begin[x.indices[p]]; q < to; q++)
				dots[row[q]] += v * value[q];
		}
		return dots;
	};
}
