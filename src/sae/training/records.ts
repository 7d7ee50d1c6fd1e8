import type { StepLoss } from "../engine/trainee";
import type { TrainingRecord } from "../types";
import type { TrainSettings } from "./options";
import { isRecord, isWarm } from "./schedule";

/** What is gathered since the last record. */
export interface Sums {
	loss: number;
	mse: number;
	l1: number;
	l0: number;
	n: number;
}

/** What records are counted against. */
export interface RecordUnits {
	/** What rows were multiplied by before training. */
	scale: number;
	/** Of the rows before they were multiplied. */
	variance: number;
}

const none: Sums = { loss: 0, mse: 0, l1: 0, l0: 0, n: 0 };

/** An mse so many times as large as that of the mean is none that training comes back from. */
const FAR = 10;
/** … where so many records in a row say so: latents that were made anew may throw it up for a moment. */
const IN_A_ROW = 3;

export type RecordKeeper = ReturnType<typeof recordKeeper>;

/** Gathers records, each over the steps since the one before. */
export function recordKeeper(
	settings: TrainSettings,
	{ scale, variance }: RecordUnits,
	past: { records: TrainingRecord[]; sums: Sums } = { records: [], sums: none },
) {
	const records = [...past.records];
	let sums = { ...past.sums };
	const start = () => Math.max(records[0].mse, variance);

	/** Whether the last n records are after the warm-up and far above the start. */
	function isFar(n: number): boolean {
		const last = records.slice(-n);
		return last.every(
			({ mse, step }) => isWarm(settings, step) && mse > FAR * start(),
		);
	}

	return {
		records,
		sums: () => sums,
		/** Whether the last record is far above the start. */
		isFar: () => records.length > 0 && isFar(1),
		/**
		 * Counts a step (from 1), and gives the record where one is due. Throws `Diverged` where the loss is no number any
		 * more, or, after the warm-up, far above where it began.
		 */
		add(
			step: number,
			parts: StepLoss,
			dead: number | null,
			seconds: number,
		): TrainingRecord | undefined {
			const loss = parts.mse + parts.sparsity + parts.aux;
			if (!Number.isFinite(loss))
				throw new Diverged(`is no number any more at step ${step}`, settings);
			sums.loss += loss;
			sums.mse += parts.mse / scale ** 2;
			sums.l1 += parts.l1 / scale;
			sums.l0 += parts.l0;
			sums.n++;
			if (!isRecord(settings, step)) return undefined;
			const { n } = sums;
			const record: TrainingRecord = {
				step,
				tokens: step * settings.train_batch_size_tokens,
				loss: sums.loss / n,
				mse: sums.mse / n,
				l0: sums.l0 / n,
				l1: sums.l1 / n,
				explained_variance: 1 - sums.mse / n / variance,
				dead,
				seconds,
			};
			records.push(record);
			sums = { ...none };
			if (records.length > IN_A_ROW && isFar(IN_A_ROW))
				throw new Diverged(
					`has grown to ${(record.mse / start()).toPrecision(2)} times its start by step ${step}`,
					settings,
				);
			return record;
		},
	};
}

/** The loss went out of hand. */
export class Diverged extends Error {
	constructor(what: string, settings: TrainSettings, kept?: string) {
		super(
			`The loss ${what}: train again with an lr below ${settings.lr}${cures(settings)}${kept ? `; the last good checkpoint is ${kept}` : ""}.`,
		);
		this.what = what;
	}
	readonly what: string;
}

/** What else may be too much, where it is more than the default. */
function cures(settings: TrainSettings): string {
	const lower: string[] = [];
	if (settings.max_grad_norm > 1) lower.push("max_grad_norm");
	if (settings.lr_warm_up_steps < 0.05 * settings.steps)
		return `${lower.length ? ` and a lower ${lower[0]}` : ""}, or a longer lr_warm_up_steps`;
	return lower.length ? ` and a lower ${lower[0]}` : "";
}

/** How many records in a row, to the last, brought no better reconstruction of the validation rows. */
export function recordsWithoutGain(records: TrainingRecord[]): number {
	let [best, at] = [Infinity, 0];
	for (const [i, { validation }] of records.entries())
		if (validation && validation.mse < best) [best, at] = [validation.mse, i];
	return records.length - 1 - at;
}
