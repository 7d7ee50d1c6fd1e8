import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Activations } from "../../activations";
import { untilInterrupted } from "../../interrupt";
import type { HookName } from "../../model";
import type { Sae, TrainingRecord, TrainOptions } from "../types";
import { trainAll } from "./run";

/** Options that a sweep can vary: each that changes what comes out. */
export type Varied = Omit<
	TrainOptions,
	| "signal"
	| "onRecord"
	| "loss"
	| "engine"
	| "device"
	| "group"
	| "validation_split"
	| "early_stopping_patience"
	| "checkpoint_path"
	| "n_checkpoints"
	| "resume_from_checkpoint"
>;

/** The values of each option that is varied; every combination is trained. */
export type SweepGrid = { [Name in keyof Varied]?: readonly Varied[Name][] };

/** What all SAEs of a sweep have in common; the grid may give the architecture and d_sae. */
export type SweepOptions = Partial<Omit<TrainOptions, "onRecord">> & {
	/** Called for each of about 100 records of each SAE. */
	onRecord?: (record: TrainingRecord, run: Omit<SweepRun, "sae">) => void;
};

/** One SAE of a sweep. */
export interface SweepRun {
	/** The values that this one has of what is varied. */
	varied: Partial<Varied>;
	/** The hook whose activations it was trained on. */
	hook_name: HookName;
	sae: Sae;
}

/** Several SAEs, and what each was trained with. Plain data, but for the SAEs. */
export interface Sweep {
	kind: "sweep";
	/** The options that are varied, and "hook_name" where there are several. */
	names: string[];
	/** In the order of the grid, its last option changing fastest; hook by hook. */
	runs: SweepRun[];
	/** Those whose loss got out of hand, with why; the others are not held up by them. */
	failed: (Omit<SweepRun, "sae"> & { why: string })[];
	/** Wall-clock. */
	seconds: number;
	/** Set where it was interrupted: the SAEs at hand came back as they were, of further hooks there are none. */
	stopped?: "interrupted";
}

/**
 * Trains an SAE for every combination of the values in `grid`, and for each of several activations (such as the layers of a
 * model). All SAEs of one activations are trained side by side from the same batches, so that these are read once;
 * each other `seed` or `train_batch_size_tokens` sees the rows in another order, and that is another reading. Several
 * activations come one after the other.
 *
 * Each SAE is bit for bit the one that `trainSae` gives with the same options. `checkpoint_path` gets a folder for each,
 * named for its hook and values; with `resume_from_checkpoint` those that have a checkpoint there go on from it.
 *
 *   trainSweep(acts, { architecture: "topk", training_tokens: 1e6 }, { d_sae: [512, 1024], k: [8, 16, 32] })
 *
 * Throws as `trainSae` does; what memory has to suffice for is the sum of all that are trained side by side.
 */
export async function trainSweep(
	acts: Activations | readonly Activations[],
	options: SweepOptions,
	grid: SweepGrid,
): Promise<Sweep> {
	const started = performance.now();
	const list = "kind" in acts ? [acts] : [...acts];
	const values = combinations(grid);
	checkSweep(list, values);
	return untilInterrupted(options.signal, async (signal) => {
		const sweep: Sweep = {
			kind: "sweep",
			names: [...Object.keys(grid), ...(list.length > 1 ? ["hook_name"] : [])],
			runs: [],
			failed: [],
			seconds: 0,
		};
		for (const one of list) {
			if (signal?.aborted) break;
			await trainOn(one, values, options, sweep, signal);
		}
		if (signal?.aborted) sweep.stopped = "interrupted";
		sweep.seconds = (performance.now() - started) / 1000;
		return sweep;
	});
}

/** Adds the SAEs of one activations to a sweep. */
async function trainOn(
	acts: Activations,
	values: Partial<Varied>[],
	options: SweepOptions,
	sweep: Sweep,
	signal?: AbortSignal,
): Promise<void> {
	const { hook_name } = acts;
	const runs = values.map((varied) => ({ varied, hook_name }));
	const label = `train ${runs.length} SAEs at ${hook_name}`;
	const each = runs.map((run) => optionsOf(run, options));
	let outcomes: Awaited<ReturnType<typeof trainAll>>;
	try {
		outcomes = await trainAll(acts, each, signal, label);
	} catch (error) {
		// Interrupted before its first step: what other hooks gave stays.
		if (signal?.aborted && sweep.runs.length > 0) return;
		throw error;
	}
	for (const [i, outcome] of outcomes.entries())
		if ("sae" in outcome) sweep.runs.push({ ...runs[i], sae: outcome.sae });
		else {
			const { message } = outcome.error as Error;
			sweep.failed.push({ ...runs[i], why: message });
		}
	if (sweep.runs.length === 0) throw (outcomes[0] as { error: unknown }).error;
}

function optionsOf(
	run: Omit<SweepRun, "sae">,
	{ onRecord, ...common }: SweepOptions,
): TrainOptions {
	const { checkpoint_path, resume_from_checkpoint } = common;
	const name = folderOf(run);
	const own: Partial<TrainOptions> = {};
	if (checkpoint_path !== undefined)
		own.checkpoint_path = join(checkpoint_path, name);
	if (resume_from_checkpoint !== undefined) {
		const there = join(resume_from_checkpoint, name);
		own.resume_from_checkpoint = existsSync(there) ? there : undefined;
	}
	if (onRecord) own.onRecord = (record) => onRecord(record, run);
	return { ...common, ...run.varied, ...own } as TrainOptions;
}

/** E.g. "blocks.5.hook_resid_post,d_sae=512,k=8". Values may be anything, so what is no letter or digit in them goes. */
function folderOf({ varied, hook_name }: Omit<SweepRun, "sae">): string {
	const parts = Object.entries(varied).map(([name, v]) => `${name}=${v}`);
	return [hook_name, ...parts].join(",").replace(/[^\w.,=-]/g, "_");
}

/** Every combination, the last option changing fastest. */
function combinations(grid: SweepGrid): Partial<Varied>[] {
	let all: Partial<Varied>[] = [{}];
	for (const [name, values] of Object.entries(grid)) {
		if (!Array.isArray(values) || values.length === 0)
			throw new Error(
				`The grid gives ${name} as ${JSON.stringify(values)}; a list of at least one value is needed, such as { d_sae: [512, 1024] }.`,
			);
		const twice = values.find((value, i) => values.indexOf(value) !== i);
		if (twice !== undefined)
			throw new Error(`The grid gives ${name} ${twice} twice: give it once.`);
		all = all.flatMap((one) => values.map((v) => ({ ...one, [name]: v })));
	}
	return all;
}

/** Each has threads of its own. */
const MOST = 100;

function checkSweep(list: Activations[], values: Partial<Varied>[]): void {
	if (list.length === 0)
		throw new Error(
			"There are no activations to sweep over: give at least one.",
		);
	if (values.length > MOST)
		throw new Error(
			`The grid has ${values.length} combinations, and at most ${MOST} are trained side by side: give fewer values.`,
		);
	const hooks = list.map(({ hook_name }) => hook_name);
	const twice = hooks.find((name, i) => hooks.indexOf(name) !== i);
	if (twice)
		throw new Error(
			`Two of the activations are of ${twice}: give one of each hook.`,
		);
}
