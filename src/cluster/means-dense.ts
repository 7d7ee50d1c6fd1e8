import { type DenseMatrix, products, squaredLengths } from "../activations";
import { inverseSizes, type Means, type Metric } from "./means";
import { addRow, centresAt } from "./start";

/** Only rows that change sides are added up, in 64 bits: late rounds cost little. */
export async function denseMeans(
	x: DenseMatrix,
	k: number,
	metric: Metric,
): Promise<Means> {
	const d = x.columns;
	const data = await products(x);
	const lengths = squaredLengths(x);
	const centres = new Float32Array(k * d);
	const half = new Float64Array(k); // |c|² / 2
	const sums = new Float64Array(k * d);
	const summed = new Uint32Array(x.rows).fill(k); // in which cluster's sum each row is; k: in none

	function measure(): void {
		for (let c = 0; c < k; c++) {
			let square = 0;
			for (let at = c * d; at < (c + 1) * d; at++)
				square += centres[at] * centres[at];
			half[c] = square / 2;
		}
	}

	return {
		lengths,
		async distancesTo(rows) {
			const k = rows.length;
			const dots = await data.times(turn(centresAt(x, rows), k, d), k); // [rows, k]
			return Array.from(rows, (row, c) =>
				lengths.map((length, i) =>
					Math.max(0, length + lengths[row] - 2 * dots[i * k + c]),
				),
			);
		},
		place(given) {
			centres.set(given);
			measure();
		},
		async nearest(assignment, distance) {
			const dots = await data.times(turn(centres, k, d), k); // [rows, k]
			for (let i = 0, at = 0; i < x.rows; i++) {
				let most = Number.NEGATIVE_INFINITY;
				for (let c = 0; c < k; c++, at++) {
					const score = dots[at] - half[c];
					if (score > most) {
						most = score;
						assignment[i] = c;
					}
				}
				distance[i] = Math.max(0, lengths[i] - 2 * most);
			}
		},
		move(assignment) {
			for (let i = 0; i < x.rows; i++) {
				if (summed[i] === assignment[i]) continue;
				if (summed[i] < k) addRow(x, i, -1, sums, summed[i] * d);
				addRow(x, i, 1, sums, assignment[i] * d);
				summed[i] = assignment[i];
			}
			const inverse = inverseSizes(assignment, k);
			for (let c = 0; c < k; c++) {
				let scale = inverse[c];
				if (metric === "spherical") {
					let square = 0;
					for (let at = c * d; at < (c + 1) * d; at++) square += sums[at] ** 2;
					scale = square > 0 ? 1 / Math.sqrt(square) : 0;
				}
				for (let at = c * d; at < (c + 1) * d; at++)
					centres[at] = scale * sums[at];
			}
			measure();
		},
		centres: () => centres.slice(),
		release: async () => undefined,
	};
}

/** [k, columns] as [columns, k]. */
function turn(a: Float32Array, k: number, columns: number): Float32Array {
	const out = new Float32Array(a.length);
	for (let c = 0; c < k; c++)
		for (let j = 0; j < columns; j++) out[j * k + c] = a[c * columns + j];
	return out;
}
