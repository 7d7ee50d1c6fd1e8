import { type ArchitectureRules, architectures } from "../architectures";
import type { StepResult, Trainee, TraineeShape } from "../engine/trainee";
import type { Sae, TrainedOn, TrainingRecord } from "../types";
import { scalingOf, stateAtStart } from "./begin";
import { courseOf } from "./course";
import type { TrainingRows } from "./data";
import type { Origin } from "./finish";
import { makeValidation, prepareRows, validationRows } from "./look";
import { openEngine } from "./open";
import type { TrainSettings } from "./options";
import { Diverged, recordKeeper, recordsWithoutGain } from "./records";
import { resampleDead } from "./resample";
import { checkFolder, readCheckpoint } from "./resume";
import {
	isCheckpoint,
	isResampling,
	planStep,
	stepsUntilDue,
} from "./schedule";
import { makeScorer, type Scorer } from "./score";
import { makeKeeping } from "./standing";
import { stream } from "./streams";

/** What a training works on. */
export interface TrainerContext {
	acts: Origin & { folder?: string };
	rows: TrainingRows;
	seen: TrainedOn;
	/** The first batch, as it is. */
	first: Float32Array;
	/** Rows of the validation split, in random order. */
	validation?: Float32Array;
	signal?: AbortSignal;
	onRecord?(record: TrainingRecord): void;
}

/** One SAE in training. */
export interface Trainer {
	/** Steps taken. */
	step(): number;
	/** Whether there is nothing more to do. */
	done(): boolean;
	/**
	 * Takes the rows of a step (from 0), as they are; those of steps that were taken before are left aside. Where one call
	 * of the engine is several steps, they are gathered first.
	 */
	feed(step: number, rows: Float32Array): Promise<void>;
	/** The SAE as it is now; before its last step it is marked as stopped, and where checkpoints are asked for, one is written. */
	finish(): Promise<Sae>;
	release(): Promise<void>;
}

/** Opens a trainer at its start, or where a checkpoint says. Throws, in one sentence, where that cannot be. */
export async function openTrainer(
	settings: TrainSettings,
	context: TrainerContext,
): Promise<Trainer> {
	const { rows, acts } = context;
	const { d_sae, train_batch_size_tokens: batch } = settings;
	const shape: TraineeShape = { d_in: rows.d_in, d_sae, batch };
	const rules = architectures[settings.architecture];
	const about = rows.about(settings.normalize_activations);
	const scaling = scalingOf(settings, rows);
	const course = courseOf(settings, acts, rows.n, about, context.first);
	const { resume_from_checkpoint: from, checkpoint_path } = settings;
	const past =
		from === undefined
			? undefined
			: readCheckpoint(from, course, shape, rules.parameters);
	if (checkpoint_path !== undefined) checkFolder(checkpoint_path, course);

	const scorer = makeScorer(rules, shape, settings.k);
	const between = batch * Math.ceil(settings.steps / 100);
	const looked = context.validation?.subarray(
		0,
		rows.d_in * validationRows(between),
	);
	const parts: Parts = {
		settings,
		shape,
		rules,
		scorer,
		scaling,
		validate: looked && makeValidation(looked, scorer, rows.d_in, scaling),
		keeper: recordKeeper(
			settings,
			{ scale: scaling.scale, variance: about.variance },
			past?.progress,
		),
		keeping: makeKeeping(
			acts,
			settings,
			shape,
			course,
			scaling.scale,
			context.seen,
			{ rows, validation: looked },
		),
		silent: past?.silent ?? new Uint32Array(d_sae),
		step: past?.progress.step ?? 0,
		written: past?.folder,
		seconds: past?.progress.seconds ?? 0,
		onRecord: context.onRecord,
	};
	const trainee = await openEngine(settings, shape, context.signal);
	try {
		await trainee.write(
			past?.state ?? stateAtStart(settings, shape, rows, scaling.scale),
		);
	} catch (error) {
		await trainee.release();
		throw error;
	}
	return makeTrainer(trainee, parts);
}

/** What a trainer is put together from, and where it begins. */
interface Parts {
	settings: TrainSettings;
	shape: TraineeShape;
	rules: ArchitectureRules;
	scorer: Scorer;
	scaling: ReturnType<typeof scalingOf>;
	validate?: ReturnType<typeof makeValidation>;
	keeper: ReturnType<typeof recordKeeper>;
	keeping: ReturnType<typeof makeKeeping>;
	/** Steps since each latent fired. */
	silent: Uint32Array; // [d_sae]
	step: number;
	/** The last checkpoint. */
	written?: string;
	/** Wall-clock of what came before. */
	seconds: number;
	onRecord?(record: TrainingRecord): void;
}

function makeTrainer(trainee: Trainee, parts: Parts): Trainer {
	const { settings, shape, keeper, keeping, silent, scaling } = parts;
	const { checkpoint_path: path, dead_feature_window: window } = settings;
	const started = performance.now();
	let { step, written } = parts;
	let writtenAt = step;
	let early = isEarly();
	let held = 0; // batches that wait for the next call
	let due = 1;
	let dead: Uint32Array = new Uint32Array(0);
	let known = false; // whether steps enough were taken for a latent to be dead

	function isEarly(): boolean {
		const { early_stopping_patience: patience } = settings;
		return !!patience && recordsWithoutGain(keeper.records) >= patience;
	}

	const done = () => early || step >= settings.steps;
	const seconds = () => parts.seconds + (performance.now() - started) / 1000;
	const standing = async () => ({
		step,
		state: await trainee.read(),
		keeper,
		silent,
		seconds: seconds(),
	});

	async function count(result: StepResult): Promise<void> {
		step++;
		for (let i = 0; i < silent.length; i++)
			silent[i] = result.fired[i] ? 0 : silent[i] + 1;
		const record = keeper.add(
			step,
			result,
			known ? dead.length : null,
			seconds(),
		);
		if (record && parts.validate)
			record.validation = await parts.validate(await trainee.read());
		if (isResampling(settings, step)) await resample(trainee, step, parts);
		if (isCheckpoint(settings, step)) await save();
		if (record) {
			early = isEarly();
			parts.onRecord?.(record);
		}
	}

	async function save(): Promise<void> {
		// One that is about to get out of hand is not worth keeping.
		if (path === undefined || writtenAt === step || keeper.isFar()) return;
		written = keeping.checkpoint(path, await standing());
		writtenAt = step;
	}

	return {
		step: () => step,
		done,
		async feed(at, raw) {
			if (done() || at !== step + held) return;
			if (held === 0) {
				due = stepsUntilDue(settings, step, trainee.steps_per_call);
				dead = deadLatents(silent, window);
				known = step > window;
			}
			const to = trainee.x.subarray(held * raw.length, (held + 1) * raw.length);
			prepareRows(raw, to, shape.d_in, scaling);
			if (++held < due) return;
			held = 0;
			const plans = Array.from({ length: due }, (_, i) =>
				planStep(settings, step + i, dead),
			);
			try {
				for (const result of await trainee.step(plans)) await count(result);
			} catch (error) {
				throw error instanceof Diverged
					? new Diverged(error.what, settings, written)
					: error;
			}
		},
		async finish() {
			if (step < settings.steps) await save();
			const sae = await keeping.sae(await standing());
			if (step < settings.steps) sae.stopped = early ? "early" : "interrupted";
			return sae;
		},
		async release() {
			await parts.scorer.release();
			await trainee.release();
		},
	};
}

/** Makes the dead latents anew, from the rows of the step just taken; after that they count as alive. */
async function resample(
	trainee: Trainee,
	step: number,
	{ settings, shape, rules, scorer, silent }: Parts,
): Promise<void> {
	const dead = deadLatents(silent, settings.dead_feature_window);
	if (dead.length === 0) return;
	const x = trainee.x.slice(0, shape.batch * shape.d_in);
	const state = await trainee.read();
	const { errors } = await scorer.score(state, x);
	const source = stream(settings.seed, "resample", step);
	const anew = resampleDead(
		state,
		rules,
		shape,
		settings,
		dead,
		x,
		errors,
		source,
	);
	for (const latent of anew) silent[latent] = 0;
	await trainee.write(state);
}

function deadLatents(silent: Uint32Array, window: number): Uint32Array {
	const dead: number[] = [];
	for (let i = 0; i < silent.length; i++) if (silent[i] > window) dead.push(i);
	return Uint32Array.from(dead);
}
