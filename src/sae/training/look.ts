import type { TraineeState } from "../engine/trainee";
import { normalizeRows, type RowScaling } from "../normalize";
import type { Normalization, TrainingRecord } from "../types";
import type { Scorer } from "./score";
import { rowSums } from "./statistics";

/** How rows become what is trained on: scaled row by row, or all by one number. */
export interface Scaling {
	mode: Normalization;
	/** 1 where rows are scaled by themselves, or not at all. */
	scale: number;
}

/** Fills `to` with rows as they are trained on. Gives what each row was scaled by, where it was by itself. */
export function prepareRows(
	rows: Float32Array,
	to: Float32Array,
	d_in: number,
	{ mode, scale }: Scaling,
): RowScaling | undefined {
	if (scale === 1) to.set(rows);
	else for (let i = 0; i < rows.length; i++) to[i] = scale * rows[i];
	return normalizeRows(to, d_in, mode);
}

/** Rows that are reconstructed for a record, at most … */
export const VALIDATION_ROWS = 4096;
/** … and at least, where there are so many. */
const FEW = 512;

/** How many validation rows a training looks at: about a tenth of the rows it trains on between two records. */
export function validationRows(between: number): number {
	return Math.min(VALIDATION_ROWS, Math.max(FEW, Math.ceil(between / 10)));
}

/** Looks at an SAE in training as it would be saved, through rows held out. */
export function makeValidation(
	rows: Float32Array,
	scorer: Scorer,
	d_in: number,
	scaling: Scaling,
) {
	const x = new Float32Array(rows.length);
	const own = prepareRows(rows, x, d_in, scaling);
	const sums = rowSums(d_in, "none");
	sums.add(rows);
	const { variance } = sums.result();
	return async (
		state: TraineeState,
	): Promise<NonNullable<TrainingRecord["validation"]>> => {
		const { errors, counts } = await scorer.score(state, x);
		const n = errors.length;
		let [mse, l0] = [0, 0];
		for (let row = 0; row < n; row++) {
			const unit = own ? own.scale[row] : 1 / scaling.scale;
			mse += (errors[row] * unit ** 2) / n;
			l0 += counts[row] / n;
		}
		return { mse, explained_variance: 1 - mse / variance, l0 };
	};
}
