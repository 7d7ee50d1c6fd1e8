import { setTimeout } from "node:timers/promises";
import type { Contender, Run } from "./types";

/** Between two turns, in ms: the threads of the one before stop waiting awake, and take nothing from the next. */
const PAUSE = 100;

/**
 * Lets the contenders run in turns, so that a busy machine is busy for all of them.
 * @returns of each contender, the runs; those of a first round that warms up are left out.
 */
export async function takeTurns(
	contenders: Contender[],
	rounds: number,
	warmUp = true,
): Promise<Run[][]> {
	const runs: Run[][] = contenders.map(() => []);
	for (let round = warmUp ? -1 : 0; round < rounds; round++)
		for (const [i, contender] of contenders.entries()) {
			const run = await contender.run();
			if (round >= 0) runs[i].push(run);
			await setTimeout(PAUSE);
		}
	return runs;
}

/** The middle value; of an even number, the mean of the two in the middle. */
export function median(values: number[]): number {
	if (values.length === 0)
		throw new Error("There is no median of no values: give at least one.");
	const sorted = [...values].sort((a, b) => a - b);
	const half = Math.floor(sorted.length / 2);
	return sorted.length % 2
		? sorted[half]
		: (sorted[half - 1] + sorted[half]) / 2;
}

/** The median time. */
export function medianMs(runs: Run[]): number {
	return median(runs.map(({ ms }) => ms));
}

/** The most memory that the runs tell of; undefined where none does. */
export function peakOf(runs: Run[]): number | undefined {
	const told = runs.flatMap(({ peak_mb }) => peak_mb ?? []);
	return told.length ? Math.max(...told) : undefined;
}

/** A contender in this process: what `work` returns may give the value, after the clock has stopped. */
export function timed<T>(
	work: () => Promise<T>,
	value?: (result: T) => number,
): Contender {
	return {
		async run() {
			const start = performance.now();
			const result = await work();
			const ms = performance.now() - start;
			return value ? { ms, value: value(result) } : { ms };
		},
	};
}
