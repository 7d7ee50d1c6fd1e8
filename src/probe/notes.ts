import { columnMoments, type Matrix, takeRows } from "../activations";
import type { Assessment } from "./assess";
import type { ProbeInput, ProbeSettings } from "./result";
import { named } from "./settings";
import type { Task } from "./task";

/** What a reader should know of a probe, a sentence each. */
export function notesOn(
	unit: ProbeSettings["unit"],
	{ classes, truth, train, validation, test }: Task,
	inputs: { name: ProbeInput; x: Matrix }[],
	found: Partial<Record<ProbeInput, Assessment>>,
): string[] {
	const notes: string[] = [];
	const count = (members: Uint32Array) => {
		const sizes = new Array<number>(classes.length).fill(0);
		for (const i of members) sizes[truth[i]]++;
		return sizes;
	};
	const [inTrain, inValidation, inTest] = [train, validation, test].map(count);
	const which = (keep: (c: number) => boolean) =>
		named(classes.filter((_, c) => keep(c)));
	const single = which((c) => inTrain[c] + inValidation[c] + inTest[c] === 1);
	if (single)
		notes.push(
			`Classes with one ${unit}, which no probe can learn: ${single}.`,
		);
	const missing = which((c) => inTrain[c] === 0 && inTest[c] > 0);
	if (missing)
		notes.push(
			`Classes of the test ${unit}s that no training ${unit} has, and that count as wrong: ${missing}.`,
		);
	const untested = which((c) => inTrain[c] > 0 && inTest[c] === 0);
	if (untested) notes.push(`Classes without test ${unit}s: ${untested}.`);
	for (const { name, x } of inputs) {
		const what = name.replaceAll("_", " ");
		const { deviation } = columnMoments(takeRows(x, train));
		const constant = deviation.filter((s) => s === 0).length;
		if (constant === x.columns)
			notes.push(
				`All columns of the ${what} are constant on the training ${unit}s, so that they tell nothing.`,
			);
		else if (constant > 0 && x.kind === "dense")
			notes.push(
				`${constant} of ${x.columns} columns of the ${what} are constant on the training ${unit}s.`,
			);
		if (found[name]?.score.converged === false)
			notes.push(
				`The fit on the ${what} ran out of iterations before its gradient was small.`,
			);
	}
	return notes;
}
