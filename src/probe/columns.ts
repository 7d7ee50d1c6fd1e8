import type { Matrix } from "../activations";
import { topIndices } from "../top";
import { meanDifferences } from "./one-vs-rest";
import type { Task } from "./task";

/** The columns whose mean in a class differs most from their mean outside, over the training rows; ascending. */
export function bestColumns(
	x: Matrix,
	task: Pick<Task, "classes" | "truth" | "train">,
	n: number,
): number[] {
	const most = new Float64Array(x.columns);
	for (const c of task.classes.keys()) {
		const y = Uint8Array.from(task.train, (i) => Number(task.truth[i] === c));
		if (!y.includes(1) || !y.includes(0)) continue;
		meanDifferences(x, { rows: task.train, y }).forEach((difference, j) => {
			most[j] = Math.max(most[j], Math.abs(difference));
		});
	}
	return topIndices(most, n).sort((a, b) => a - b);
}
