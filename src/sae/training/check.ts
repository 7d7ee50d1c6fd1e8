import { fixed, several } from "../../say";
import { makeEncoder } from "../encode";
import { reconstructionMetrics } from "../evaluation/metrics";
import { scalesRows } from "../normalize";
import { sparseBuilder } from "../sparse-rows";
import type { Sae, TrainingCheck, TrainingRecord } from "../types";
import type { TrainSettings } from "./options";

/** Multiplications that looking at rows may cost: about a quarter of a second. */
const WORK = 1e10;
const FEWEST = 64;
/** Latents of rows that are looked at together: the training's own memory is still held. */
const AT_ONCE = 2 ** 19;

/** A share of a number by which it may be off, and by how much at least: between two records the weights go on moving. */
const OFF = {
	l0: { share: 0.25, least: 0.5 },
	fvu: { share: 0.25, least: 0.1 },
};
/** Rows that the last record has to be of: the variance of a few is another one than that of all. */
const ENOUGH = 512;
/** A share of all latents that may be silent and not counted as dead. */
const SILENT = 0.05;

/** What a training worked on, and what it counted. */
interface Counted {
	records: TrainingRecord[];
	/** Rows to train on. */
	n: number;
	/** Some of them, or all. */
	sample: Float32Array;
	validation?: Float32Array;
}

/**
 * Looks at an SAE as it is returned, on rows that it was trained on and on held-out ones, and says where it does something
 * else than training counted: one sentence each.
 */
export async function checkTrained(
	sae: Sae,
	settings: TrainSettings,
	{ records, n, sample, validation }: Counted,
): Promise<{ check: TrainingCheck; warnings: string[] }> {
	const encoder = makeEncoder(sae.cfg, sae); // one of its own: that of the SAE is made where it is needed
	try {
		const { fired, ...of } = await look(sae, encoder, some(sample, sae));
		const silent = fired.filter((one) => !one).length;
		const check: TrainingCheck = { ...of, whole: of.n_rows === n, silent };
		if (validation) {
			const rows = some(validation, sae);
			const { fired: _, ...held } = await look(sae, encoder, rows);
			check.validation = held;
		}
		const last = records.at(-1);
		const counted = (last?.tokens ?? 0) - (records.at(-2)?.tokens ?? 0);
		const few = counted < Math.min(n, ENOUGH);
		const warnings = last ? differences(check, last, settings, few) : [];
		return { check, warnings };
	} finally {
		await encoder.release();
	}
}

/** Of rows, as many as may be looked at, evenly spread. */
function some(rows: Float32Array, { cfg: { d_in, d_sae } }: Sae): Float32Array {
	const n = rows.length / d_in;
	const most = Math.max(FEWEST, Math.floor(WORK / (d_in * d_sae)));
	if (n <= most) return rows;
	const few = new Float32Array(most * d_in);
	for (let i = 0; i < most; i++) {
		const from = Math.floor((i * n) / most) * d_in;
		few.set(rows.subarray(from, from + d_in), i * d_in);
	}
	return few;
}

async function look(
	sae: Sae,
	encoder: ReturnType<typeof makeEncoder>,
	rows: Float32Array,
) {
	const { d_in, d_sae } = sae.cfg;
	const metrics = reconstructionMetrics(d_in);
	const fired = new Uint8Array(d_sae);
	let active = 0;
	const size = d_in * Math.max(16, Math.floor(AT_ONCE / d_sae));
	for (let from = 0; from < rows.length; from += size) {
		const part = rows.subarray(from, from + size);
		const to = sparseBuilder();
		await encoder(part, to);
		const latents = to.build();
		metrics.add(sae.input(part), sae.decode(latents));
		for (const latent of latents.indices) fired[latent] = 1;
		active += latents.indices.length;
	}
	const { n, explained_variance } = metrics.result();
	return {
		n_rows: n,
		l0: active / n,
		explained_variance,
		fired,
	};
}

function differences(
	check: TrainingCheck,
	last: TrainingRecord,
	settings: TrainSettings,
	few: boolean,
): string[] {
	const rows = `${check.whole ? "the" : "a sample of"} ${several(check.n_rows, "row")} it was trained on`;
	return [
		...firing(check, last, settings, rows),
		...(few ? [] : reconstructing(check, last, settings, rows)),
		...dying(check, last, settings, rows),
	];
}

/** L0. In training batchtopk and matryoshka have k latents a row by construction, whatever is saved in their place. */
function firing(
	{ l0, validation }: TrainingCheck,
	last: TrainingRecord,
	{ architecture, steps }: TrainSettings,
	rows: string,
): string[] {
	const pairs = [
		{ is: l0, counted: last.l0, where: rows },
		{
			is: validation?.l0,
			counted: last.validation?.l0,
			where: "rows of the validation split",
		},
	];
	const found = pairs.find(({ is, counted }) => isOff(is, counted, OFF.l0));
	if (!found) return [];
	const why =
		architecture === "batchtopk" || architecture === "matryoshka"
			? `: in training the batch's largest latents fire, in the SAE what exceeds a threshold that is estimated from the batches, which takes more than ${several(steps, "step")} or a larger topk_threshold_lr`
			: "";
	return [
		`Training counted ${fixed(found.counted ?? Number.NaN, 1)} active latents per row, and the SAE that came out has ${fixed(found.is ?? Number.NaN, 1)} on ${found.where}${why}.`,
	];
}

function reconstructing(
	{ explained_variance }: TrainingCheck,
	last: TrainingRecord,
	{ normalize_activations: mode }: TrainSettings,
	rows: string,
): string[] {
	if (scalesRows(mode)) return []; // records are of rows that were normalised one by one
	const counted = last.explained_variance;
	if (!isOff(1 - explained_variance, 1 - counted, OFF.fvu)) return [];
	return [
		`Training counted an explained variance of ${fixed(counted, 3)}, and the SAE that came out has ${fixed(explained_variance, 3)} on ${rows}.`,
	];
}

/**
 * A latent that training counts as alive has fired in the last `dead_feature_window` steps: so it has to be seen firing
 * where as many rows, or all, are looked at.
 */
function dying(
	{ silent, n_rows, whole }: TrainingCheck,
	{ dead, step }: TrainingRecord,
	settings: TrainSettings,
	rows: string,
): string[] {
	const { d_sae, dead_feature_window: window } = settings;
	const enough = n_rows >= window * settings.train_batch_size_tokens;
	if (!(whole || enough) || silent - (dead ?? 0) <= SILENT * d_sae) return [];
	const counted =
		dead === null
			? `${several(step, "step was", "steps were")} too few to count dead latents (dead_feature_window is ${window})`
			: `Training counted ${several(dead, "dead latent")}`;
	return [
		`${counted}, and ${silent} of the ${d_sae} of the SAE that came out fire on none of ${rows}.`,
	];
}

function isOff(
	is: number | undefined,
	counted: number | undefined,
	{ share, least }: { share: number; least: number },
): boolean {
	if (is === undefined || counted === undefined) return false;
	return Math.abs(is - counted) > Math.max(least, share * Math.abs(counted));
}
