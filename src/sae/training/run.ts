import { setImmediate as breathe } from "node:timers/promises";
import type { Activations } from "../../activations";
import { reportProgress } from "../../progress";
import { fixed } from "../../say";
import type { Sae, TrainingRecord, TrainOptions } from "../types";
import type { RowOrder } from "./data";
import { checkMemory } from "./memory";
import { type TrainSettings, trainSettings } from "./options";
import { type RowSource, rowSources } from "./rows";
import { openTrainer, type Trainer } from "./trainer";

/** SAEs that see the same batches. */
interface Lane {
	order: RowOrder;
	/** The batch at hand. */
	rows: Float32Array;
	members: Member[];
	/** Batches served. */
	served: number;
}

interface Member {
	/** Which of the list it is. */
	index: number;
	settings: TrainSettings;
	source: RowSource & { key: string };
	trainer?: Trainer;
	failed?: unknown;
}

/** An SAE, or the error that ended its training. */
export type Outcome = { sae: Sae } | { error: unknown };

/** Milliseconds of work after which interrupts and timers get their turn. */
const TURN = 20;

/**
 * Trains several SAEs side by side on one set of activations, each as if it were alone. Those of one seed and batch size
 * are handed the same batches; each other seed or size is another order (and, where the split is made, each other seed
 * other rows), which is read by itself.
 * On `signal` all stop after the step at hand; where not one step was taken, it throws the signal's reason.
 */
export async function trainAll(
	acts: Activations,
	list: readonly TrainOptions[],
	signal?: AbortSignal,
	label?: string,
): Promise<Outcome[]> {
	// Before the rows are read: they may be many.
	const early = list.map((options) => trainSettings(options, acts.n_tokens));
	checkMemory(early, acts.d_in);
	const modes = new Set(early.map((one) => one.normalize_activations));
	const sourceOf = rowSources(acts, [...modes], signal);
	const members: Member[] = [];
	for (const [index, options] of list.entries()) {
		const source = await sourceOf(early[index]);
		const settings = trainSettings(options, source.rows.n);
		members.push({ index, settings, source });
	}
	const lanes = lanesOf(members);
	const report = reporter(members, label);
	try {
		for (const lane of lanes)
			await openLane(lane, (member, first) =>
				openTrainer(member.settings, {
					...{ acts, first },
					...member.source,
					signal,
					onRecord(record) {
						const { onRecord } = list[member.index];
						onRecord?.(record);
						report(member, record, !onRecord && list.length === 1);
					},
				}),
			);
		const began = members.map(({ trainer }) => trainer?.step() ?? 0);
		await serve(lanes, signal);
		const idle = members.every(
			({ trainer }, i) => trainer?.step() === began[i] && !trainer.done(),
		);
		if (idle) signal?.throwIfAborted();
		const outcomes: Outcome[] = [];
		for (const member of members) outcomes.push(await outcome(member));
		return outcomes;
	} finally {
		for (const { order } of lanes) await order.close();
		for (const { trainer } of members) await trainer?.release();
	}
}

async function outcome({ trainer, failed }: Member): Promise<Outcome> {
	if (!trainer || failed) return { error: failed };
	try {
		return { sae: await trainer.finish() };
	} catch (error) {
		return { error };
	}
}

function lanesOf(members: Member[]): Lane[] {
	const lanes = new Map<string, Lane>();
	for (const member of members) {
		const { seed, train_batch_size_tokens: size } = member.settings;
		const { rows } = member.source;
		const key = `${seed} ${size} ${member.source.key}`;
		const lane = lanes.get(key) ?? {
			order: rows.order(size, seed),
			rows: new Float32Array(size * rows.d_in),
			members: [],
			served: 0,
		};
		lane.members.push(member);
		lanes.set(key, lane);
	}
	return [...lanes.values()];
}

/** Opens the trainers of a lane, and goes to the first batch that one of them needs. */
async function openLane(
	lane: Lane,
	open: (member: Member, first: Float32Array) => Promise<Trainer>,
): Promise<void> {
	await lane.order.next(lane.rows);
	for (const member of lane.members)
		member.trainer = await open(member, lane.rows);
	lane.served = 1;
	const steps = lane.members.flatMap(({ trainer }) =>
		trainer && !trainer.done() ? [trainer.step()] : [],
	);
	const first = Math.min(...steps);
	if (steps.length === 0 || first === 0) return;
	await lane.order.skip(first - 1);
	lane.served = first;
	await nextBatch(lane);
}

async function nextBatch(lane: Lane): Promise<void> {
	await lane.order.next(lane.rows);
	lane.served++;
}

/** Serves batch after batch until every trainer is done. */
async function serve(lanes: Lane[], signal?: AbortSignal): Promise<void> {
	let turn = performance.now();
	const busy = ({ trainer, failed }: Member) => !failed && !trainer?.done();
	for (let first = true; ; first = false) {
		const active = lanes.filter(({ members }) => members.some(busy));
		if (active.length === 0 || signal?.aborted) return;
		for (const lane of active) {
			if (!first) await nextBatch(lane);
			for (const member of lane.members.filter(busy))
				try {
					await member.trainer?.feed(lane.served - 1, lane.rows);
				} catch (error) {
					member.failed = error;
				}
		}
		if (performance.now() - turn > TURN) {
			await breathe();
			turn = performance.now();
		}
	}
}

/** Reports the progress of one training by itself, of several as one. */
function reporter(
	members: Member[],
	label = `train ${members[0].settings.architecture} SAE`,
) {
	const total = members.reduce(
		(sum, { settings: s }) => sum + s.steps * s.train_batch_size_tokens,
		0,
	);
	const alone = ({ explained_variance, l0, dead }: TrainingRecord) =>
		[
			`explained variance ${fixed(explained_variance, 3)}`,
			`L0 ${fixed(l0, 1)}`,
			...(dead === null ? [] : [`${dead} dead`]), // not known yet
		].join(", ");
	return (member: Member, record: TrainingRecord, unheard: boolean) => {
		const done = members.reduce(
			(sum, { trainer, settings }) =>
				sum + (trainer?.step() ?? 0) * settings.train_batch_size_tokens,
			0,
		);
		const ready = members.filter(({ trainer }) => trainer?.done()).length;
		const note =
			members.length === 1
				? alone(record)
				: `${ready} of ${members.length} done; ${member.settings.architecture} d_sae ${member.settings.d_sae}: ${alone(record)}`;
		const progress = { label, done, total, unit: "tokens", note };
		reportProgress(unheard ? { ...progress, record } : progress);
	};
}
