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
		conditions: { name: string; neurons: number[] }[];
		signal?: AbortSignal;
	},
): Promise<NeuronEffect[]> {
	const { hook_name, conditions, signal } = options;
	const untouched = await score(model, prompts, undefined, signal);
	const effects: NeuronEffect[] = [];
	for (const { name, neurons } of conditions) {
		const zeroed = await score(model, prompts, { hook_name, neurons }, signal);
		effects.push({
			name,
			neurons,
			...compare(untouched, zeroed, !!prompts.wrong),
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

function compare(before: Float64Array, after: Float64Array, choice: boolean) {
	const n = before.length;
	const changes = after.map((value, i) => value - before[i]);
	const change = mean(changes);
	const variance =
		mean(changes.map((c) => (c - change) ** 2)) * (n / Math.max(1, n - 1));
	const margin = 1.96 * Math.sqrt(variance / n);
	const interval: [number, number] = [change - margin, change + margin];
	const result = { before: mean(before), change, interval };
	if (!choice) return result;
	const flips = before.filter((value, i) => value > 0 && after[i] <= 0).length;
	return { ...result, flipped: flips / n };
}

function mean(values: Float64Array): number {
	return values.reduce((a, b) => a + b, 0) / values.length;
}
