import {
	layCompressed,
	type SparseMatrix,
	squaredLengths,
	widthFor,
} from "../activations";
import { squaredDistances } from "./distances";
import {
	inverseSizes,
	type Means,
	type Metric,
	type Run,
	weighted,
} from "./means";

interface SparseRun extends Run {
	/** Its centres while another's are in W. */
	away: Float32Array; // [k, columns]
}

/**
 * Centres as the columns of W [columns, width], so that what one entry of a row is multiplied with lies side by side.
 * Means are summed anew in every round, along the columns: a round's products cost k times as much.
 */
export function sparseMeans(
	x: SparseMatrix,
	k: number,
	metric: Metric,
	counts: Float64Array,
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
	for (let q = 0; q < array.column_values.length; q++)
		array.column_values[q] *= counts[whole.column_rows[q]]; // what is summed for the means
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

	function place(centres: Float32Array): void {
		for (let c = 0; c < k; c++) {
			let square = 0;
			for (let j = 0; j < x.columns; j++) {
				const value = centres[c * x.columns + j];
				array.W[j * width + c] = value;
				square += value * value;
			}
			array.half[c] = square / 2;
		}
	}

	function centresInW(): Float32Array {
		const centres = new Float32Array(k * x.columns);
		for (let c = 0; c < k; c++)
			for (let j = 0; j < x.columns; j++)
				centres[c * x.columns + j] = array.W[j * width + c];
		return centres;
	}

	let current: SparseRun | undefined; // whose centres are in W
	function use(run: SparseRun): void {
		if (run === current) return;
		if (current) current.away = centresInW();
		place(run.away);
		current = run;
	}

	function begin(start: Float32Array): Run {
		const group = new Uint32Array(x.rows);
		const run: SparseRun = {
			away: start,
			nearest: new Uint32Array(x.rows),
			distance: new Float64Array(x.rows),
			move(assignment) {
				use(run);
				group.set(assignment);
				whole.group.set(assignment);
				const inverse = inverseSizes(assignment, k, counts);
				let squares = meansTimes(inverse);
				if (metric === "spherical")
					squares = meansTimes(
						inverse.map((share, c) =>
							squares[c] > 0 ? share / Math.sqrt(squares[c]) : 0,
						),
					);
				for (let c = 0; c < k; c++) array.half[c] = squares[c] / 2;
			},
			inertia: () =>
				weighted(squaredDistances(x, lengths, group, run.centres()), counts),
			centres: () => (run === current ? centresInW() : run.away.slice()),
		};
		return run;
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
					dots[i] = Math.max(
						0,
						counts[i] * (lengths[i] + length) - 2 * dots[i],
					);
				return dots;
			}),
		abreast: 1,
		begin,
		async nearest(runs) {
			for (const run of runs as SparseRun[]) {
				use(run);
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
				run.nearest.set(whole.nearest);
				for (let i = 0; i < x.rows; i++)
					run.distance[i] = Math.max(0, lengths[i] - 2 * array.score[i]);
			}
		},
		release: () => crew.release(),
	};
}
