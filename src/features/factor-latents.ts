import { type SplitRecord, splitNotes } from "../dataset";
import { listenTo } from "../interrupt";
import { type Interval, intervalAround } from "../intervals";
import type { HookName } from "../model";
import { reportProgress } from "../progress";
import { resamples } from "../resamples";
import { type Latents, seenNotes, splitFor } from "../sae";
import { type Absorption, absorbersOf, absorption } from "./absorption";
import { type Factor, factorNotes, factorsOf, labelled } from "./factors";
import { type Firings, firings } from "./firings";
import { halves } from "./halves";
import {
	type ClassRows,
	firesAny,
	type Match,
	match,
	matchOfAny,
	splitOver,
} from "./splitting";

/** The latents of one class of a true factor. All but what they were chosen by is measured on held-out sentences. */
export interface ClassLatents extends Match {
	/** "topic", "tense". */
	label: string;
	/** "music", "past". */
	class: string;
	/** The latent that tells the class best on its own, … */
	latent: number;
	/** 95 % interval of the F1, from 1,000 resamples of the held-out texts; Wilson's where these agree. */
	f1_interval: Interval;
	/** … its F1 on the sentences it was chosen on. */
	f1_chosen: number;
	/** The F1 of always firing, 2 p / (1 + p) with p the class's share: what is no better has found nothing. */
	f1_always: number;
	/** Sentences of the class, held-out. */
	n: number;
	/** The latents that the class is split over, best first, and the F1 of "any of them fires": see `splitOver`. */
	split: { latents: number[]; f1: number };
	/** What more specific latents take from those in `split`; absent where the best does not stand for the class: see `absorbersOf`. */
	absorption?: Absorption;
}

/** The latents of a factor: means over its classes; NaN where it has none with sentences in both parts. */
export interface FactorSummary {
	label: string;
	/** Classes that the means are over. */
	n_classes: number;
	f1: number;
	f1_always: number;
	/** Over how many latents a class is split, on average. */
	latents: number;
	/** F1 of a class's latents together, on average. */
	f1_split: number;
	/** Share of a class's sentences that is absorbed, on average over the classes that a latent stands for; absent where there is none. */
	absorbed?: number;
	/** How many classes that is the mean of. */
	n_absorbed: number;
	/** Sentences without the label, which take no part; absent where all have it. */
	n_unlabelled?: number;
}

/** How an SAE's latents match the true factors of sentences. */
export interface FactorLatents {
	kind: "factor-latents";
	model_name: string;
	hook_name: HookName;
	d_sae: number;
	/** Sentences that latents were chosen on, and those that everything else was measured on. */
	n_chosen_on: number;
	n_held_out: number;
	/** How the sentences were split. */
	split: SplitRecord;
	factors: FactorSummary[];
	classes: ClassLatents[];
	/** What a reader should know, a sentence each. */
	notes: string[];
	/** Wall-clock. */
	seconds: number;
}

export interface FactorLatentsOptions {
	/** Labels of the sentences that are true factors; default: every label of 2 to 12 classes. */
	labels?: string[];
	/** Of the split, where one is made and none was for the autoencoder's training; of the resamples. Default: 0. */
	seed?: number;
	/** A label column whose values are kept together by a split that is made, e.g. "author". Default: the sentences' own `group`. */
	group?: string;
	/** Ends the work, with the signal's reason as error. Default: the notebook's interrupt. */
	signal?: AbortSignal;
}

/**
 * Latents against the true factors of sentences, which real text does not have: for each class the single latent that
 * tells it best, over how many latents it is split, and how much of it is absorbed by more specific ones.
 *
 * A latent fires on a sentence where it is above zero on any token; how strongly is not looked at. Latents are chosen on the
 * train split and measured on the test split of `splitSentences`: where one is made, it is the one that the autoencoder was
 * trained with. Sentences without a label take no part in what is said of it. Nothing is ever dense.
 * Throws on a label that is not there, and where a split is missing.
 */
export async function factorLatents(
	latents: Latents,
	options: FactorLatentsOptions = {},
): Promise<FactorLatents> {
	const began = performance.now();
	const signal = listenTo(options.signal);
	const { acts, d_sae } = latents;
	const { sentences } = acts;
	const { seed = 0, group } = options;
	const split = splitFor(latents, { seed, group });
	const { train, test } = halves(split, "latents");
	const chosen = Uint32Array.from([...train, ...test]);
	const factors = factorsOf(sentences, chosen, options.labels);
	if (!factors.length)
		throw new Error(
			"The sentences have no label of 2 to 12 classes: give sentences whose factors are known, such as the bundled ones.",
		);
	const fired = async (rows: Uint32Array) =>
		firings(
			latents,
			rows.map((row) => chosen[row]),
			signal,
		);
	const first = Uint32Array.from(train.keys());
	const rest = Uint32Array.from(test.keys(), (i) => train.length + i);
	const all = { train: await fired(first), test: await fired(rest) };
	const total = factors.reduce((sum, { classes }) => sum + classes.length, 0);
	const classes: ClassLatents[] = [];
	let done = 0;
	const missing: string[] = [];
	for (const factor of factors) {
		const rows = {
			train: labelled(factor, first),
			test: labelled(factor, rest),
		};
		const own = factor.n_unlabelled
			? { train: await fired(rows.train), test: await fired(rows.test) }
			: all;
		const units = rows.test.map((row) => split.units[chosen[row]]);
		for (const group of factor.classes.keys()) {
			await new Promise(setImmediate);
			signal?.throwIfAborted();
			const found = classLatents(factor, group, own, rows, { units, seed });
			if (found) classes.push(found);
			else missing.push(`${factor.label} ${factor.classes[group]}`);
			done++;
			reportProgress({ label: "match latents", done, total, unit: "classes" });
		}
	}
	return {
		kind: "factor-latents",
		model_name: acts.model.name,
		hook_name: acts.hook_name,
		d_sae,
		n_chosen_on: train.length,
		n_held_out: test.length,
		split: split.record,
		factors: factors.map(({ label, n_unlabelled }) => ({
			...summary(
				label,
				classes.filter((c) => c.label === label),
			),
			...(n_unlabelled && { n_unlabelled }),
		})),
		classes,
		notes: [
			...factorNotes(factors),
			...splitNotes(split.record),
			...seenNotes(split.seen, test),
			...(missing.length
				? [
						`Not measured, for want of sentences in training or test: ${missing.slice(0, 5).join(", ")}${missing.length > 5 ? ` and ${missing.length - 5} more` : ""}.`,
					]
				: []),
		],
		seconds: (performance.now() - began) / 1000,
	};
}

/** Undefined for a class that one of the halves has no sentence of. */
function classLatents(
	{ label, classes, of }: Factor,
	group: number,
	{ train, test }: Record<"train" | "test", Firings>,
	rows: Record<"train" | "test", Uint32Array> /* of the chosen */,
	resampled: { units: Uint32Array /* of the test rows */; seed: number },
): ClassLatents | undefined {
	const inClass = (some: Uint32Array): ClassRows => {
		const inside = Uint8Array.from(some, (row) => (of[row] === group ? 1 : 0));
		return { inside, size: inside.reduce((a, b) => a + b, 0) };
	};
	const own = inClass(rows.train);
	const held = inClass(rows.test);
	if (!own.size || !held.size) return undefined;
	const split = splitOver(train, own);
	const [latent] = split;
	const absorbers = absorbersOf(train, own, split);
	const measured = matchOfAny(test, held, [latent]);
	return {
		label,
		class: classes[group],
		latent,
		...measured,
		f1_interval: f1Interval(
			measured.f1,
			firesAny(test, [latent]),
			held,
			resampled,
		),
		f1_chosen: matchOfAny(train, own, [latent]).f1,
		f1_always: match(held.size, test.n - held.size, held.size).f1,
		n: held.size,
		split: { latents: split, f1: matchOfAny(test, held, split).f1 },
		...(absorbers && {
			absorption: absorption(test, held, split, absorbers),
		}),
	};
}

/** As if it were a share of the units that fire or should. */
function f1Interval(
	f1: number,
	fires: Uint8Array,
	{ inside }: ClassRows,
	{ units, seed }: { units: Uint32Array; seed: number },
): Interval {
	const values: number[] = [];
	for (const weights of resamples(units, 1000, seed)) {
		let [hits, either] = [0, 0];
		for (let i = 0; i < weights.length; i++) {
			hits += weights[i] * (fires[i] & inside[i]);
			either += weights[i] * (fires[i] + inside[i]);
		}
		values.push(either > 0 ? (2 * hits) / either : Number.NaN);
	}
	const counted = units.filter((_, i) => fires[i] || inside[i]);
	return intervalAround(f1, values, new Set(counted).size);
}

function summary(label: string, classes: ClassLatents[]): FactorSummary {
	const mean = (values: number[]) =>
		values.reduce((a, b) => a + b, 0) / values.length;
	const absorbed = classes.flatMap(({ absorption: a }) => a?.absorbed ?? []);
	return {
		label,
		n_classes: classes.length,
		f1: mean(classes.map(({ f1 }) => f1)),
		f1_always: mean(classes.map(({ f1_always }) => f1_always)),
		latents: mean(classes.map(({ split }) => split.latents.length)),
		f1_split: mean(classes.map(({ split }) => split.f1)),
		...(absorbed.length && { absorbed: mean(absorbed) }),
		n_absorbed: absorbed.length,
	};
}
