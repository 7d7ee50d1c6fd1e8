import { architectures } from "../architectures";
import { startingState } from "../engine/start";
import type { TraineeShape, TraineeState } from "../engine/trainee";
import type { TrainingRows } from "./data";
import type { Scaling } from "./look";
import type { TrainSettings } from "./options";
import { stream } from "./streams";

/** One number for all rows, or each row by itself. */
export function scalingOf(
	settings: TrainSettings,
	rows: TrainingRows,
): Scaling {
	const { normalize_activations: mode } = settings;
	const average = mode === "expected_average_only_in";
	const scale = average ? Math.sqrt(rows.d_in) / rows.about(mode).meanNorm : 1;
	return { mode, scale };
}

/** The state that a training begins with. */
export function stateAtStart(
	settings: TrainSettings,
	shape: TraineeShape,
	rows: TrainingRows,
	scale: number,
): TraineeState {
	const rules = architectures[settings.architecture];
	const b_dec = Float32Array.from(centreOf(settings, rows), (v) => scale * v);
	const source = stream(settings.seed, "start");
	const state = startingState(rules, shape, settings, b_dec, source);
	return { ...state, numbers: { ...rules.numbers } };
}

function centreOf(
	{ normalize_activations: mode, b_dec_init_method }: TrainSettings,
	rows: TrainingRows,
): Float64Array {
	if (b_dec_init_method === "zeros") return new Float64Array(rows.d_in);
	return b_dec_init_method === "mean"
		? rows.about(mode).mean
		: rows.median(mode);
}
