import type { Decoder, HookName } from "../model";
import { reportProgress } from "../progress";
import type { NeuronEffect } from "./report";
import { type Prompts, score } from "./zeroing";

/** Scores the prompts untouched and with each set of neurons at zero. */
export async function measureEffects(
	model: Decoder,
	prompts: Prompts,
	options: {
		hook_name: HookName;
		conditions: Pick<NeuronEffect, "name" | "neurons" | "random">[];
		signal?: AbortSignal;
	},
): Promise<NeuronEffect[]> {
	const { hook_name, conditions, signal } = options;
	const units = unitsOfPrompts(prompts);
	const untouched = await score(model, prompts, undefined, signal);
	const effects: NeuronEffect[] = [];
	for (const condition of conditions) {
		const { neurons } = condition;
		const zeroed = await score(model, prompts, { hook_name, neurons }, signal);
		effects.push({
			...condition,
			...compare(untouched, zeroed, units, !!prompts.wrong),
		});
		reportProgress({
			label: `set neurons of ${hook_name} to zero`,
			done: effects.length,
			total: conditions.length,
			unit: "sets",
		});
	}
	return effects;
}

/** The number of each prompt; those of the same tokens, and so of the same change, share one. */
function unitsOfPrompts({ right, wrong }: Prompts): number[] {
	const known = new Map<string, number>();
	return right.map(({ ids, from }, i) => {
		const key = `${from} ${ids.join()} ${wrong?.[i].ids.join()}`;
		const unit = known.get(key) ?? known.size;
		known.set(key, unit);
		return unit;
	});
}

/**
 * The mean change, and its interval by different prompts: not known (NaN) of a single one, or of prompts that all change by
 * the same.
 */
function compare(
	before: Float64Array,
	after: Float64Array,
	units: number[],
	choice: boolean,
) {
	const n = before.length;
	const changes = after.map((value, i) => value - before[i]);
	const change = mean(changes);
	const sums = new Map<number, number>();
	for (const [i, unit] of units.entries())
		sums.set(unit, (sums.get(unit) ?? 0) + changes[i] - change);
	const squares = [...sums.values()].reduce((sum, s) => sum + s * s, 0);
	const different = sums.size;
	const variance = (squares / n ** 2) * (different / (different - 1)); // NaN of one
	const error = Math.sqrt(variance);
	const margin = error > 1e-9 * Math.abs(change) ? 1.96 * error : Number.NaN;
	const interval: [number, number] = [change - margin, change + margin];
	const result = { before: mean(before), change, interval };
	if (!choice) return result;
	const flips = before.filter((value, i) => value > 0 && after[i] <= 0).length;
	return { ...result, flipped: flips / n };
}

function mean(values: Float64Array): number {
	return values.reduce((a, b) => a + b, 0) / values.length;
}
