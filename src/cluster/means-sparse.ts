import {
	layCompressed,
	type SparseMatrix,
	squaredLengths,
	widthFor,
} from "../activations";
import { inverseSizes, type Means, type Metric } from "./means";

/**
 * Centres as the columns of W [columns, width], so that what one entry of a row is multiplied with lies side by side.
 * Means are summed anew in every round, along the columns: a round's products cost k times as much.
 */
export function sparseMeans(
	x: SparseMatrix,
	k: number,
	metric: Metric,
	threads: number,
): Means {
	const width = widthFor(k);
	const rowStep = Math.max(256, Math.ceil(x.rows / 1024));
	const columnStep = Math.max(256, Math.ceil(x.columns / 1024));
	const columnParts = Math.ceil(x.columns / columnStep);
	const { memory, array, whole, at, crew } = layCompressed(
		x,
		{
			W: x.columns * width,
			half: width, // |c|² / 2
			nearest: x.rows, // uint32
			score: x.rows,
			scores: Math.ceil(x.rows / rowStep) * width,
			group: x.rows, // uint32
			inverse: 2 * width, // float64
			sums: columnParts * 2 * width, // float64
			squares: columnParts * width,
		},
		threads,
	);
	const inverses = new Float64Array(memory.buffer, at.inverse, width);
	const lengths = squaredLengths(x);
	array.half.fill(Number.POSITIVE_INFINITY);
	const byRow = [at.indptr, at.indices, at.values];
	const byColumn = [at.column_indptr, at.column_rows, at.column_values];

	/** |c|² of each centre. */
	function meansTimes(inverse: Float64Array): Float64Array {
		inverses.set(inverse);
		crew.run(
			"groupMeans",
			x.columns,
			columnStep,
			columnStep,
			...byColumn,
			at.group,
			at.inverse,
			at.W,
			width,
			at.sums,
			at.squares,
		);
		const squares = new Float64Array(k);
		for (let part = 0; part < columnParts; part++)
			for (let c = 0; c < k; c++) squares[c] += array.squares[part * width + c];
		return squares;
	}

	return {
		lengths,
		distancesTo: async (rows) =>
			Array.from(rows, (row) => {
				const dots = new Float64Array(x.rows);
				for (let p = x.indptr[row]; p < x.indptr[row + 1]; p++) {
					const value = x.values[p];
					const end = whole.column_indptr[x.indices[p] + 1];
					for (let q = whole.column_indptr[x.indices[p]]; q < end; q++)
						dots[whole.column_rows[q]] += value * array.column_values[q];
				}
				const length = lengths[row];
				for (let i = 0; i < dots.length; i++)
					dots[i] = Math.max(0, lengths[i] + length - 2 * dots[i]);
				return dots;
			}),
		place(centres) {
			for (let c = 0; c < k; c++) {
				let square = 0;
				for (let j = 0; j < x.columns; j++) {
					const value = centres[c * x.columns + j];
					array.W[j * width + c] = value;
					square += value * value;
				}
				array.half[c] = square / 2;
			}
		},
		async nearest(assignment, distance) {
			crew.run(
				"nearestRows",
				x.rows,
				rowStep,
				rowStep,
				...byRow,
				at.W,
				width,
				at.half,
				at.nearest,
				at.score,
				at.scores,
			);
			assignment.set(whole.nearest);
			for (let i = 0; i < distance.length; i++)
				distance[i] = Math.max(0, lengths[i] - 2 * array.score[i]);
		},
		move(assignment) {
			whole.group.set(assignment);
			const inverse = inverseSizes(assignment, k);
			let squares = meansTimes(inverse);
			if (metric === "spherical")
				squares = meansTimes(
					inverse.map((share, c) =>
						squares[c] > 0 ? share / Math.sqrt(squares[c]) : 0,
					),
				);
			for (let c = 0; c < k; c++) array.half[c] = squares[c] / 2;
		},
		centres() {
			const centres = new Float32Array(k * x.columns);
			for (let c = 0; c < k; c++)
				for (let j = 0; j < x.columns; j++)
					centres[c * x.columns + j] = array.W[j * width + c];
			return centres;
		},
		release: () => crew.release(),
	};
}
