import type { TraineeShape, TraineeState } from "../engine/trainee";
import { makeSae } from "../sae";
import type { Sae, TrainedOn } from "../types";
import { checkTrained } from "./check";
import { writeCheckpoint } from "./checkpoint";
import type { Course } from "./course";
import type { TrainingRows } from "./data";
import { type Origin, trainedConfig, trainedWeights } from "./finish";
import type { TrainSettings } from "./options";
import { defaultRate } from "./rate";
import { Diverged, type RecordKeeper } from "./records";
import { trainingNotes } from "./rows";

/** Where a training stands. */
export interface Standing {
	/** Steps taken. */
	step: number;
	state: TraineeState;
	keeper: RecordKeeper;
	/** Steps since each latent fired. */
	silent: Uint32Array; // [d_sae]
	/** Wall-clock so far. */
	seconds: number;
}

/** Makes of a training, wherever it stands, a checkpoint or an SAE. */
export function makeKeeping(
	acts: Origin,
	settings: TrainSettings,
	shape: TraineeShape,
	course: Course,
	scale: number,
	seen: TrainedOn,
	{ rows, validation }: { rows: TrainingRows; validation?: Float32Array },
) {
	function folded({ step, state }: Standing) {
		if (!Object.values(state.tensors).every((t) => t.every(Number.isFinite)))
			throw new Diverged(`has made weights infinite by step ${step}`, settings);
		return {
			cfg: trainedConfig(acts, settings, step),
			weights: trainedWeights(state, shape, settings, scale),
			trained_on: seen,
		};
	}
	return {
		/** Writes a checkpoint below `path`, and gives its folder. */
		checkpoint(path: string, standing: Standing): string {
			const { step, state, keeper, silent, seconds } = standing;
			const { records } = keeper;
			const { numbers } = state;
			const sums = keeper.sums();
			const progress = { step, records, sums, numbers, seconds };
			return writeCheckpoint(
				path,
				step * settings.train_batch_size_tokens,
				folded(standing),
				{ course, progress, state, silent },
				shape,
			);
		},
		async sae(standing: Standing): Promise<Sae> {
			const { cfg, weights } = folded(standing);
			const sae = makeSae(cfg, weights, { trained_on: seen });
			const { architecture, lr } = settings;
			const { records } = standing.keeper;
			const { check, warnings } = await checkTrained(sae, settings, {
				records,
				n: rows.n,
				sample: rows.sample(),
				validation,
			});
			const n_rows = rows.n;
			const rounds = (cfg.training_tokens ?? 0) / n_rows;
			const notes = trainingNotes(seen, n_rows, rounds);
			sae.history = {
				kind: "training",
				architecture,
				records,
				lr,
				lr_is_default: lr === defaultRate(architecture, settings.d_sae),
				n_rows,
				rounds,
				split: seen.split,
				...(notes.length && { notes }),
				check,
			};
			sae.seconds = standing.seconds;
			if (warnings.length) sae.warnings = warnings;
			return sae;
		},
	};
}
