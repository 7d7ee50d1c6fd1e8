import { createHash } from "node:crypto";
import { bytesOf } from "../../formats/safetensors";
import type { Origin } from "./finish";
import type { TrainSettings } from "./options";
import type { RowStatistics } from "./statistics";

/** All that decides what weights come out: two trainings of one course give the same. Plain data. */
export interface Course {
	settings: Record<string, unknown>;
	data: Record<string, unknown>;
}

/** What jumprelu's estimated slope reaches: in older versions, whose checkpoints do not say, it was the thresholds alone. */
const ESTIMATOR = "encoder and thresholds";

/** Options that change where and when something is written, not what. */
const beside: (keyof TrainSettings)[] = [
	"checkpoint_path",
	"n_checkpoints",
	"resume_from_checkpoint",
];

/**
 * @param first the first batch of rows, as they are: with it the order of all rows is known to be the same
 */
export function courseOf(
	settings: TrainSettings,
	acts: Origin & { folder?: string },
	n: number,
	{ meanNorm, variance }: RowStatistics,
	first: Float32Array,
): Course {
	const { loss, steps, ...others } = settings;
	const source = loss && { loss: digest(String(loss)) };
	const { architecture } = settings;
	const estimator = architecture === "jumprelu" && { estimator: ESTIMATOR };
	const plain = { ...others, ...source, ...estimator, steps }; // last: what it follows from is told first
	const entries = Object.entries(plain).filter(
		([name, value]) =>
			value !== undefined && !beside.includes(name as keyof TrainSettings),
	);
	return {
		settings: Object.fromEntries(entries),
		data: {
			d_in: acts.d_in,
			hook_name: acts.hook_name,
			model_name: acts.model.name,
			model_fingerprint: acts.model.fingerprint,
			rows: n,
			mean_norm: meanNorm,
			variance,
			first_batch: digest(bytesOf(first)),
		},
	};
}

export function digest(data: string | Uint8Array): string {
	return createHash("sha256").update(data).digest("hex");
}

/** How a training differs from the one that a checkpoint is of, in one sentence; undefined where it is the same. */
export function difference(
	folder: string,
	stored: Course,
	now: Course,
): string | undefined {
	for (const [name, was, is] of [
		...differing(stored.settings, now.settings, ["architecture", "d_sae"]),
		...differing(stored.data, now.data, ["d_in"]),
	])
		return `The checkpoint ${folder} is of an SAE with ${name} ${was}, and it is ${is} here: give the same options and activations, or train anew without resume_from_checkpoint.`;
	if (stored.settings.estimator !== now.settings.estimator)
		return `The checkpoint ${folder} is of an older version, whose jumprelu moved its thresholds alone by the estimated slope, and now the encoder follows it too: train anew without resume_from_checkpoint.`;
	for (const [name, was, is] of differing(stored.settings, now.settings))
		return name === "loss"
			? `The checkpoint ${folder} was trained with another loss: give the same one, or train anew without resume_from_checkpoint.`
			: `The checkpoint ${folder} was trained with ${name} ${was}, and it is ${is} now, which is another course: give the same, or train anew without resume_from_checkpoint.`;
	const [was, is] = modelsOf(stored.data, now.data);
	if (was !== is)
		return `The checkpoint ${folder} was trained on activations with model_name ${shown(JSON.stringify(stored.data.model_name))}, and it is ${shown(JSON.stringify(now.data.model_name))} here, with other weights: give activations of the same model, or train anew without resume_from_checkpoint.`;
	for (const [name, was, is] of differing(stored.data, now.data, [
		"hook_name",
		"rows",
	]))
		return `The checkpoint ${folder} was trained on activations with ${name} ${was}, and it is ${is} here: give the same activations, or train anew without resume_from_checkpoint.`;
	const model = { model_name: "", model_fingerprint: "" };
	const others = [stored.data, now.data].map((data) => ({ ...data, ...model }));
	if (differing(others[0], others[1]).length > 0)
		return `The checkpoint ${folder} was trained on other activations than these, or on the same in another order: give the same activations (from memory or from a folder, as then), or train anew without resume_from_checkpoint.`;
	return undefined;
}

/** What the two models are known by: their weights, or their names where an older version wrote no more. */
function modelsOf(
	stored: Record<string, unknown>,
	now: Record<string, unknown>,
): unknown[] {
	const both = [stored, now];
	return stored.model_fingerprint && now.model_fingerprint
		? both.map(({ model_fingerprint }) => model_fingerprint)
		: both.map(({ model_name }) => String(model_name).split(/[/\\]/).at(-1));
}

/** Name, old and new value of what differs, of these names or of all. */
function differing(
	stored: Record<string, unknown>,
	now: Record<string, unknown>,
	names = [...new Set([...Object.keys(now), ...Object.keys(stored)])],
): [name: string, was: string, is: string][] {
	return names.flatMap((name) => {
		const [was, is] = [JSON.stringify(stored[name]), JSON.stringify(now[name])];
		return was === is ? [] : [[name, shown(was), shown(is)] as const];
	}) as [string, string, string][];
}

/** A stored value may be anything. */
function shown(json: string | undefined): string {
	if (json === undefined) return "not given";
	return json.length > 60 ? `${json.slice(0, 60)}…` : json;
}
