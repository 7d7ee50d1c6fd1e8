import { forEachEntry, type Matrix, takeRows } from "../activations";
import { topIndices } from "../top";
import type { Task } from "./task";

/** The columns whose mean in a class differs most from their mean outside, over the training rows; ascending. */
export function bestColumns(x: Matrix, task: Task, n: number): number[] {
	const nClasses = task.classes.length;
	const train = takeRows(x, task.train);
	const sizes = new Float64Array(nClasses);
	for (const i of task.train) sizes[task.truth[i]]++;
	const inside = new Float64Array(nClasses * x.columns);
	const all = new Float64Array(x.columns);
	forEachEntry(train, (row, column, value) => {
		inside[task.truth[task.train[row]] * x.columns + column] += value;
		all[column] += value;
	});
	const difference = all.map((total, j) => {
		let most = 0;
		for (let c = 0; c < nClasses; c++) {
			if (sizes[c] === 0 || sizes[c] === train.rows) continue;
			const own = inside[c * x.columns + j];
			const rest = (total - own) / (train.rows - sizes[c]);
			most = Math.max(most, Math.abs(own / sizes[c] - rest));
		}
		return most;
	});
	return topIndices(difference, n).sort((a, b) => a - b);
}

/** Some columns of every row, ascending: sparse rows stay sparse. */
export function takeColumns(x: Matrix, columns: readonly number[]): Matrix {
	const k = columns.length;
	if (x.kind === "dense") {
		const data = new Float32Array(x.rows * k);
		for (let i = 0; i < x.rows; i++)
			for (let c = 0; c < k; c++)
				data[i * k + c] = x.data[i * x.columns + columns[c]];
		return { kind: "dense", rows: x.rows, columns: k, data };
	}
	const place = new Int32Array(x.columns).fill(-1);
	for (const [c, column] of columns.entries()) place[column] = c;
	const indptr = new Float64Array(x.rows + 1);
	const indices: number[] = [];
	const values: number[] = [];
	for (let i = 0; i < x.rows; i++) {
		for (let p = x.indptr[i]; p < x.indptr[i + 1]; p++) {
			const c = place[x.indices[p]];
			if (c < 0) continue;
			indices.push(c);
			values.push(x.values[p]);
		}
		indptr[i + 1] = indices.length;
	}
	return {
		kind: "sparse",
		rows: x.rows,
		columns: k,
		indptr,
		indices: Uint32Array.from(indices),
		values: Float32Array.from(values),
	};
}
