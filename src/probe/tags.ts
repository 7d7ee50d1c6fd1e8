import type { Activations } from "../activations";
import { listenTo } from "../interrupt";
import { intervalAround } from "../intervals";
import { reportProgress } from "../progress";
import { resamples } from "../resamples";
import { type Latents, splitFor } from "../sae";
import { assess } from "./assess";
import { gatherInputs, type Input } from "./inputs";
import type { ProbeOptions } from "./options";
import { majority } from "./probe";
import type { ProbeScore, TagsResult } from "./result";
import { named, settingsOf } from "./settings";
import { labelColumn, partsOf, type Task, taskNotes, testUnits } from "./task";
import { sentenceUnits } from "./units";

export interface ProbeTagsOptions
	extends Pick<
		ProbeOptions,
		"pool" | "before" | "l2" | "seed" | "group" | "signal"
	> {
	/** The label column: each sentence's tags, one after another; "" has none. */
	label: string;
	/** What stands between two tags. Default: ";". */
	separator?: string;
}

const RESAMPLES = 1000;
/** Members of a tag in the training sentences below which nothing is learned of it. */
const FEWEST = 2;

/**
 * How well a linear classifier reads each of several labels that a sentence may have: one probe a tag (has it, or not), as
 * `probe` makes it, on latents, activations and a bag of words, beside the majority; then all tags together. Every
 * sentence takes part; tags with fewer than two training sentences, or none in the test, are left out and named in `notes`.
 *
 * Throws as `probe` does, and when there are no tags, or more different ones than half the sentences.
 */
export async function probeTags(
	source: Latents | Activations,
	options: ProbeTagsOptions,
): Promise<TagsResult> {
	const { label, before, pool = "mean", seed = 0 } = options;
	const started = performance.now();
	const signal = listenTo(options.signal);
	const acts = source.kind === "latents" ? source.acts : source;
	const split = splitFor(source, { seed, group: options.group });
	const { tags, left, tasks } = tagTasks(acts, options, split);
	const { train, test } = tasks[0];
	const units = sentenceUnits(acts, { before, pool, signal });
	const inputs = await gatherInputs(source, units, {
		...{ seed, signal, baselines: false, train },
		best: () => [],
	});
	const scores: TagsResult["scores"] = [];
	const said: Partial<Record<Input["name"], Uint32Array[]>> = {};
	for (const [t, tag] of tags.entries()) {
		signal?.throwIfAborted();
		const own: Partial<Record<Input["name"], ProbeScore>> = {};
		for (const { name, x, scaling } of inputs) {
			const choice = { l2: options.l2, seed, signal };
			const found = await assess(x, scaling, tasks[t], choice, () => undefined);
			own[name] = found.score;
			said[name] = [...(said[name] ?? []), found.predicted];
		}
		scores.push({
			tag,
			...(own.latents && { latents: own.latents }),
			activations: own.activations as ProbeScore,
			bag_of_words: own.bag_of_words as ProbeScore,
			majority: majority(tasks[t], seed),
		});
		const [done, total] = [t + 1, tags.length];
		const what = { label: `probe the tags of ${label}`, unit: "tags" };
		reportProgress({ ...what, done, total, note: tag });
	}
	const truth = tasks.map((task) => test.map((i) => task.truth[i]));
	return {
		kind: "tags-probe",
		label,
		tags,
		scores,
		overall: Object.fromEntries(
			Object.entries(said).map(([name, predicted]) => [
				name,
				scoreTags(truth, predicted, testUnits(tasks[0]), seed),
			]),
		),
		...settingsOf(acts, tasks[0], { pool, before, seed }),
		notes: [
			...taskNotes(label, tasks[0], split.seen),
			...(left.length
				? [
						`Left out, for want of sentences in training or test: ${named(left, "tags")}.`,
					]
				: []),
			...otherSeparators([...tags, ...left], label),
		],
		seconds: (performance.now() - started) / 1000,
	};
}

/** One task a tag, all with the same split. */
function tagTasks(
	{ sentences }: Activations,
	{ label, separator = ";" }: ProbeTagsOptions,
	split: ReturnType<typeof splitFor>,
): { tags: string[]; left: string[]; tasks: Task[] } {
	if (separator === "")
		throw new Error(
			'separator is "", where what stands between two tags was expected, such as ";".',
		);
	const own = labelColumn(sentences, label).map(
		(value) =>
			new Set(
				value
					.split(separator)
					.map((tag) => tag.trim())
					.filter(Boolean),
			),
	);
	const all = [...new Set(own.flatMap((set) => [...set]))].sort();
	if (all.length === 0)
		throw new Error(
			`No sentence has a tag in "${label}"; give a column of tags, with "${separator}" between them.`,
		);
	if (all.length > own.length / 2)
		throw new Error(
			`The label "${label}" has ${all.length} different tags in ${own.length} sentences, as a column of identifiers has; give one whose tags repeat.`,
		);
	const parts = partsOf(split, [...own.keys()], label);
	const count = (tag: string, among: Uint32Array) =>
		among.reduce((n, i) => n + (own[i].has(tag) ? 1 : 0), 0);
	const tags = all.filter((tag) => {
		const n = count(tag, parts.train);
		const enough = n >= FEWEST && n <= parts.train.length - FEWEST;
		return enough && count(tag, parts.test) > 0;
	});
	if (tags.length === 0)
		throw new Error(
			`${all.length === 1 ? `The only tag of "${label}" does not have` : `None of the ${all.length} tags of "${label}" has`} ${FEWEST} training sentences with and without it and one in the test; give more sentences.`,
		);
	const left = all.filter((tag) => !tags.includes(tag));
	const tasks = tags.map((tag) => ({
		classes: ["no", "yes"],
		truth: Uint32Array.from(own, (set) => (set.has(tag) ? 1 : 0)),
		...parts,
	}));
	return { tags, left, tasks };
}

/** A sentence on each sign that seems to stand between tags, as what it parts comes again in other tags. */
function otherSeparators(tags: string[], label: string): string[] {
	return [",", ";", "|", "/"].flatMap((sign) => {
		const seen = new Map<string, number>();
		for (const tag of tags)
			for (const part of new Set(tag.split(sign).map((own) => own.trim())))
				seen.set(part, (seen.get(part) ?? 0) + 1);
		const joined = tags.find(
			(tag) =>
				tag.includes(sign) &&
				tag.split(sign).some((own) => (seen.get(own.trim()) ?? 0) > 1),
		);
		return joined === undefined
			? []
			: [
					`The tag "${joined.slice(0, 40)}" of "${label}" holds "${sign}": if that stands between tags, give separator: "${sign}".`,
				];
	});
}

/** All tags together: 0 or 1 of each tag and test sentence. */
export function scoreTags(
	truth: Uint32Array[],
	predicted: Uint32Array[],
	units: ArrayLike<number> /* of each test sentence */,
	seed: number,
): NonNullable<TagsResult["overall"]["latents"]> {
	const n = truth[0].length;
	// Of each sentence: tags that are found, said or true, and whether all are right.
	const rows = Array.from({ length: n }, (_, i) => {
		let [hits, either, right] = [0, 0, 1];
		for (let t = 0; t < truth.length; t++) {
			hits += truth[t][i] & predicted[t][i];
			either += truth[t][i] + predicted[t][i];
			if (truth[t][i] !== predicted[t][i]) right = 0;
		}
		return { hits, either, right };
	});
	const micro = (weights: ArrayLike<number>) => {
		let [hits, either] = [0, 0];
		for (let i = 0; i < n; i++) {
			hits += weights[i] * rows[i].hits;
			either += weights[i] * rows[i].either;
		}
		return either > 0 ? (2 * hits) / either : Number.NaN;
	};
	const f1 = truth.map((own, t) => {
		let [hits, either] = [0, 0];
		for (let i = 0; i < n; i++) {
			hits += own[i] & predicted[t][i];
			either += own[i] + predicted[t][i];
		}
		return either > 0 ? (2 * hits) / either : 0;
	});
	const values: number[] = [];
	for (const weights of resamples(units, RESAMPLES, seed))
		values.push(micro(weights));
	const micro_f1 = micro(new Uint32Array(n).fill(1));
	return {
		micro_f1,
		macro_f1: f1.reduce((sum, v) => sum + v, 0) / f1.length,
		exact_match: rows.reduce((sum, { right }) => sum + right, 0) / n,
		interval: intervalAround(micro_f1, values, new Set(Array.from(units)).size),
	};
}
