import type { Matrix } from "../activations";
import { turns } from "../interrupt";
import { intervalAround, withStill } from "../intervals";
import { resamples } from "../resamples";
import type { OneVsRest } from "./one-vs-rest";
import type { KSparseResult } from "./result";
import { named } from "./settings";
import { type Task, testUnits } from "./task";

/** SAEBench's numbers of sentences of a class, and as many others: half of its set sizes of 4,000 and 1,000. */
export const MOST = { train: 2000, test: 500 };
const RESAMPLES = 1000;

export type Input = "latents" | "activations";

/** One kind of probe, over all classes. */
export interface Point {
	input: Input;
	/** Absent: all columns. */
	k?: number;
	/** For each class that takes part, 1 for each of its test rows that was predicted right. */
	hits: Uint8Array[];
}

/** One class's rows: numbers of sentences. */
export interface ClassDraw {
	class: string;
	train: OneVsRest;
	test: OneVsRest;
}

/** Accuracies, the mean of the classes, and their intervals. */
export async function scorePoints(
	points: Point[],
	draws: ClassDraw[],
	task: Task,
	seed: number,
	signal: AbortSignal | undefined,
): Promise<KSparseResult["points"]> {
	const place = new Map([...task.test].map((row, i) => [row, i]));
	const places = draws.map(({ test }) =>
		Uint32Array.from(test.rows, (row) => place.get(row) as number),
	);
	const accuracies = (weights: ArrayLike<number>) => {
		const sums = new Float64Array(points.length);
		let classes = 0;
		for (const [c, rows] of places.entries()) {
			let n = 0;
			for (const row of rows) n += weights[row];
			if (n === 0) continue; // a resample without any of its sentences
			classes++;
			for (const [p, { hits }] of points.entries()) {
				let right = 0;
				for (let i = 0; i < rows.length; i++)
					right += weights[rows[i]] * hits[c][i];
				sums[p] += right / n;
			}
		}
		return sums.map((sum) => sum / classes);
	};
	const values = points.map(() => [] as number[]);
	const turn = turns(signal);
	for (const weights of resamples(testUnits(task), RESAMPLES, seed)) {
		await turn();
		for (const [p, value] of accuracies(weights).entries())
			values[p].push(value);
	}
	const tested = new Set(places.flatMap((rows) => [...rows]));
	const units = new Set(Array.from(tested, (at) => task.units[task.test[at]]));
	const whole = accuracies(new Uint8Array(task.test.length).fill(1));
	const sizes = places.map(
		(rows) => new Set(Array.from(rows, (at) => task.units[task.test[at]])).size,
	);
	return points.map(({ hits, ...point }, p) => {
		const interval = intervalAround(whole[p], values[p], units.size);
		const still = hits
			.map((own, c) => ({
				share: own.reduce((sum, hit) => sum + hit, 0) / own.length,
				n: sizes[c],
			}))
			.filter(({ share }) => share === 0 || share === 1);
		return {
			...point,
			accuracy: whole[p],
			interval: withStill(whole[p], interval, still, hits.length),
		};
	});
}

/** Under the names of SAEBench's result files. */
export function saeBenchNames(
	points: KSparseResult["points"],
): KSparseResult["eval_result_metrics"] {
	const of = (input: Input, name: string) =>
		Object.fromEntries(
			points
				.filter((point) => point.input === input)
				.map(({ k, accuracy }) => [
					k === undefined
						? `${name}_test_accuracy`
						: `${name}_top_${k}_test_accuracy`,
					accuracy,
				]),
		);
	return { llm: of("activations", "llm"), sae: of("latents", "sae") };
}

/** What a reader should know, a sentence each. */
export function notesOn(
	task: Task,
	draws: ClassDraw[],
	inputs: Record<Input, Matrix>,
	ks: number[],
	{ done, unfinished }: { done: number; unfinished: number },
): string[] {
	const notes: string[] = [];
	const range = (part: "train" | "test") => {
		const sizes = draws.map((draw) => draw[part].rows.length / 2);
		const [least, most] = [Math.min(...sizes), Math.max(...sizes)];
		return least === most ? `${least}` : `${least} to ${most}`;
	};
	if (
		draws.some(
			({ train, test }) =>
				train.rows.length < 2 * MOST.train || test.rows.length < 2 * MOST.test,
		)
	)
		notes.push(
			`SAEBench fits on ${MOST.train} sentences of a class and as many others and tests on ${MOST.test} and as many; here it is ${range("train")} and ${range("test")}.`,
		);
	const kept = new Set(draws.map((draw) => draw.class));
	const left = task.classes.filter((name) => !kept.has(name));
	if (left.length)
		notes.push(
			`Left out, for want of sentences in training or test: ${named(left, "classes")}.`,
		);
	for (const [input, { columns }] of Object.entries(inputs)) {
		const beyond = ks.filter((k) => k > columns);
		if (beyond.length)
			notes.push(
				`There are ${columns} columns of ${input}, so there is no probe on ${beyond.join(", ")} of them.`,
			);
	}
	if (unfinished > 0)
		notes.push(
			`${unfinished} of ${done} fits ran out of iterations before their gradient was small.`,
		);
	return notes;
}
