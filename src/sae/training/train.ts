import type { Activations } from "../../activations";
import { reportProgress } from "../../progress";
import { random } from "../../random";
import { architectures } from "../architectures";
import { startingState } from "../engine/start";
import type { StepLoss, StepPlan } from "../engine/trainee";
import { makeSae } from "../sae";
import type {
	Sae,
	SaeConfig,
	SaeWeights,
	TrainingRecord,
	TrainOptions,
} from "../types";
import { rowsInMemory } from "./data";
import { rowsOnDisk } from "./data-disk";
import { type TrainSettings, trainSettings } from "./options";

/**
 * Trains a sparse autoencoder on the rows of the train split (all rows where the sentences have no split),
 * in shuffled batches, for several epochs where `training_tokens` asks for more rows than there are. Activations in a
 * folder stay there: they are read once for what is said of all of them, then through `shuffled`.
 *
 * The rows are scaled to a mean norm of √d_in (SAELens' "expected_average_only_in"), and the scale is folded into
 * the biases at the end, so the SAE works on activations as they are. b_dec starts at their geometric median.
 * Adam (0.9, 0.999), gradients clipped to length 1, learning rate with a linear rise and fall. `TrainOptions` has the
 * defaults; `standard.ts` and `topk.ts` the equations.
 *
 * Throws, in one sentence, on an option out of range, on no rows, on values that are not finite, and where the loss
 * stops being a number. On `signal` it stops after the step at hand and returns what it has; while a folder is read for
 * the first time there is nothing yet, and it throws the signal's reason.
 */
export async function trainSae(
	acts: Activations,
	options: TrainOptions,
): Promise<Sae> {
	const started = performance.now();
	const { seed } = trainSettings(options, acts.n_tokens); // before the rows are read: they may be many
	const rows = acts.data
		? rowsInMemory(acts, acts.data)
		: await rowsOnDisk(acts, seed, options.signal);
	const settings = trainSettings(options, rows.n);
	const { meanNorm, variance } = rows.statistics();
	const scale = Math.sqrt(acts.d_in) / meanNorm;
	const source = random(settings.seed);
	const median = rows.median(source);
	const rules = architectures[settings.architecture];
	const { d_in } = acts;
	const { d_sae, train_batch_size_tokens: batch } = settings;
	const shape = { d_in, d_sae, batch };
	const trainee = await rules.open(shape, settings);
	const b_dec = Float32Array.from(median, (v) => scale * v);
	await trainee.write(startingState(rules, shape, settings, b_dec, source));
	const fill = rows.batches(scale, source, settings);
	const keeper = recordKeeper(settings, scale, variance, options.onRecord);
	const silent = new Uint32Array(d_sae); // steps since each latent fired
	let step = 0;
	try {
		for (; step < settings.steps && !options.signal?.aborted; step++) {
			await fill(trainee.x);
			const dead = deadLatents(silent, settings.dead_feature_window);
			const [result] = await trainee.step([plan(settings, step, dead)]);
			for (let i = 0; i < silent.length; i++)
				silent[i] = result.fired[i] ? 0 : silent[i] + 1;
			keeper.add(step, result, dead.length);
		}
		const sae = makeSae(
			config(acts, settings, step),
			foldScale(rules.weights(await trainee.read(), shape), scale),
		);
		sae.history.records.push(...keeper.records);
		sae.seconds = (performance.now() - started) / 1000;
		if (step < settings.steps) sae.stopped = "interrupted";
		return sae;
	} finally {
		await rows.close?.();
		await trainee.release();
	}
}

/** The schedules: the learning rate rises and falls, the weight of the sparsity term rises. */
function plan(
	settings: TrainSettings,
	step: number,
	dead: Uint32Array,
): StepPlan {
	const { steps, lr, lr_warm_up_steps, lr_decay_steps } = settings;
	const rise = Math.min(1, (step + 1) / lr_warm_up_steps);
	const fall = Math.min(1, (steps - step) / lr_decay_steps);
	const { sparsity } = architectures[settings.architecture];
	const warmUp =
		settings[
			sparsity === "l0_coefficient" ? "l0_warm_up_steps" : "l1_warm_up_steps"
		];
	const coefficient = sparsity
		? settings[sparsity] * Math.min(1, (step + 1) / warmUp)
		: 0;
	return { t: step + 1, lr: lr * rise * fall, coefficient, dead };
}

function config(
	acts: Activations,
	settings: TrainSettings,
	step: number,
): SaeConfig {
	const { architecture, d_sae, k, seed } = settings;
	const { saved_as } = architectures[architecture];
	return {
		architecture: saved_as,
		...(saved_as !== architecture && { trained_as: architecture }),
		d_in: acts.d_in,
		d_sae,
		...(architecture === "topk" ? { k } : {}),
		dtype: "float32",
		apply_b_dec_to_input: true,
		normalize_activations: "none",
		hook_name: acts.hook_name,
		model_name: acts.model.name,
		prepend_bos: acts.prepend_bos,
		context_size: acts.context_size ?? acts.model.n_ctx,
		seed,
		training_tokens: step * settings.train_batch_size_tokens,
	};
}

function deadLatents(silent: Uint32Array, window: number): Uint32Array {
	const dead: number[] = [];
	for (let i = 0; i < silent.length; i++) if (silent[i] > window) dead.push(i);
	return Uint32Array.from(dead);
}

/**
 * Weights for x from weights for c·x. Dividing the biases and thresholds by c gives the same reconstruction, with latents
 * 1/c as large; the directions stay as they are (SAELens divides W_dec and multiplies W_enc instead, which only
 * moves the factor from the latents to the decoder's length).
 */
function foldScale(weights: SaeWeights, c: number): SaeWeights {
	const folded = { ...weights };
	for (const p of ["b_enc", "b_dec", "b_gate", "b_mag", "threshold"] as const)
		folded[p] &&= folded[p].map((v) => v / c);
	return folded;
}

/** Gathers about 100 records, each over the steps since the one before, and reports progress. */
function recordKeeper(
	settings: TrainSettings,
	scale: number,
	variance: number,
	onRecord?: (record: TrainingRecord) => void,
) {
	const started = performance.now();
	const { steps, train_batch_size_tokens: batch, architecture } = settings;
	const every = Math.ceil(steps / 100);
	const records: TrainingRecord[] = [];
	let sum = { loss: 0, mse: 0, l1: 0, l0: 0 };
	let n = 0;
	function add(step: number, parts: StepLoss, dead: number) {
		const loss = parts.mse + parts.sparsity + parts.aux;
		if (!Number.isFinite(loss))
			throw new Error(
				`The loss is no number any more at step ${step + 1}: train again with an lr below ${settings.lr}.`,
			);
		sum.loss += loss;
		sum.mse += parts.mse / scale ** 2;
		sum.l1 += parts.l1 / scale;
		sum.l0 += parts.l0;
		n++;
		if (n < every && step + 1 < steps) return;
		const record = {
			step: step + 1,
			tokens: (step + 1) * batch,
			loss: sum.loss / n,
			mse: sum.mse / n,
			l0: sum.l0 / n,
			l1: sum.l1 / n,
			explained_variance: 1 - sum.mse / n / variance,
			dead,
			seconds: (performance.now() - started) / 1000,
		};
		records.push(record);
		sum = { loss: 0, mse: 0, l1: 0, l0: 0 };
		n = 0;
		onRecord?.(record);
		reportProgress({
			label: `train ${architecture} SAE`,
			done: record.tokens,
			total: steps * batch,
			unit: "tokens",
			note: `explained variance ${record.explained_variance.toFixed(3)}, L0 ${record.l0.toFixed(1)}, ${dead} dead`,
		});
	}
	return { records, add };
}
