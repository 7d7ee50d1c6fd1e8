import type { Clustering } from "../cluster";
import {
	type DataSplit,
	type Sentences,
	splitAmong,
	splitNotes,
	splitSentences,
} from "../dataset";
import { listenTo } from "../interrupt";
import { type Decoder, parseHook } from "../model";
import { random } from "../random";
import {
	aucByGroup,
	correlations,
	linkage,
	type Matrix,
	meanBetween,
	standardised,
} from "./association";
import { measureEffects } from "./effects";
import {
	clusterFactor,
	type Factor,
	factorNotes,
	factorsOf,
	labelled,
	neuronsOf,
} from "./factors";
import { halves } from "./halves";
import { sentenceMeans } from "./means";
import { thin } from "./pick";
import type { FactorNeurons, NeuronGroup, NeuronReport } from "./report";
import { type Answer, prepare, promptsFrom } from "./zeroing";

/** What `neurons` may be told. */
export interface NeuronOptions {
	/** The layer whose MLP is looked at, 0 to n_layers − 1. */
	layer: number;
	/** Labels of the sentences to look for; default: every label of 2 to 12 classes. */
	labels?: string[];
	/** Clusters of the same sentences, looked for like a label; default: none. */
	clusters?: Clustering;
	/** Sentences looked at, at most, evenly spread; default: 2,000. */
	limit?: number;
	/**
	 * Prompts with a right answer and a wrong one, to see what zeroing neurons does to the difference of their logits.
	 * Default: 64 of the sentences themselves, scored by the log-probability of the clause after `prefix_end`.
	 */
	answers?: Answer[];
	/** Of the split, where one is made. Default: 0. */
	seed?: number;
	/** A label column whose values are kept together by a split that is made, e.g. "author". Default: the sentences' own `group`. */
	group?: string;
	/** Ends the work, with the signal's reason as error. Default: the notebook's interrupt. */
	signal?: AbortSignal;
}

/** Correlation from which neurons count as acting together. */
const together = 0.5;

/**
 * The MLP neurons of a layer (`blocks.L.mlp.hook_post`, mean over a sentence's non-special tokens): those most tied to
 * each class of each label and to each cluster, by area under the ROC curve; groups that act together, by average-linkage
 * clustering of their Pearson correlation (at least 0.5); and what setting one, or a group, to zero does to the answers,
 * beside as many neurons picked at random.
 *
 * Neurons are chosen on the train split and measured on the test split, which `splitSentences` makes where there is none.
 * Sentences without a label take no part in what is said of it.
 *
 * Throws on a layer out of range, a label that is not there, no sentences, clusters of other sentences.
 */
export async function neurons(
	model: Decoder,
	sentences: Sentences,
	options: NeuronOptions,
): Promise<NeuronReport> {
	const began = performance.now();
	const { layer, limit = 2000 } = options;
	const signal = listenTo(options.signal);
	const hook_name = parseHook(model, `blocks.${layer}.mlp.hook_post`);
	const d_mlp = model.info.d_mlp;
	const { seed, group } = options;
	const split = splitSentences(sentences, { seed, group });
	const { chosen, choose, held } = chooseSentences(split, limit);
	const looked = splitAmong(split, [...chosen]).record;
	const given = factorsOf(sentences, chosen, options.labels);
	const byCluster =
		options.clusters && clusterFactor(options.clusters, sentences, chosen);
	const heldOut = Uint32Array.from(held, (row) => chosen[row]);
	const prompts = options.answers
		? prepare(model, options.answers)
		: promptsFrom(model, sentences, heldOut, 64);

	const means = await sentenceMeans(
		model,
		sentences,
		chosen,
		hook_name,
		d_mlp,
		signal,
	);
	const factors: FactorNeurons[] = [];
	for (const factor of given)
		factors.push(...(await neuronsOf(factor, means, choose, held, signal)));
	const clusters =
		byCluster && (await neuronsOf(byCluster, means, choose, held, signal));
	const listed = listedIn([...factors, ...(clusters ?? [])]);
	const groups = groupsOf(means, choose, held, listed, given);
	const effects = await measureEffects(model, prompts, {
		hook_name,
		conditions: conditionsOf(factors, groups, listed, d_mlp),
		signal,
	});
	return {
		kind: "neurons",
		model_name: model.info.name,
		layer,
		hook_name,
		d_mlp,
		n_chosen_on: choose.length,
		n_held_out: held.length,
		split: looked,
		factors,
		...(clusters && { clusters }),
		groups,
		table: { neurons: listed, auc: tableOf(means, held, listed, given) },
		effects,
		score: prompts.wrong ? "logit difference" : "log-probability",
		n_prompts: prompts.right.length,
		notes: [...factorNotes(given), ...splitNotes(looked)],
		seconds: (performance.now() - began) / 1000,
	};
}

/** The sentences looked at, and which of them neurons are chosen and measured on. */
function chooseSentences(split: DataSplit, limit: number) {
	const { train, test } = halves(split, "neurons");
	const measured = thin(test, Math.floor(limit / 2));
	const used = thin(train, limit - measured.length);
	return {
		chosen: Uint32Array.from([...used, ...measured]),
		choose: Uint32Array.from(used.keys()),
		held: Uint32Array.from(measured, (_, i) => used.length + i),
	};
}

function listedIn(factors: FactorNeurons[]): number[] {
	const all = factors.flatMap((f) => f.neurons.map(({ neuron }) => neuron));
	return [...new Set(all)].sort((a, b) => a - b);
}

function tableOf(
	means: Matrix,
	held: Uint32Array,
	listed: number[],
	factors: Factor[],
): number[][] {
	const parts = factors.map((factor) => {
		const rows = labelled(factor, held);
		const of = Uint32Array.from(rows, (i) => factor.of[i]);
		return aucByGroup(means, rows, of, factor.classes.length, listed);
	});
	return listed.map((_, row) => parts.flatMap((part) => Array.from(part[row])));
}

function groupsOf(
	means: Matrix,
	choose: Uint32Array,
	held: Uint32Array,
	listed: number[],
	factors: Factor[],
): NeuronGroup[] {
	const similarity = correlations(means, choose, listed);
	return linkage(similarity, together).map((members) => {
		const neurons = members.map((i) => listed[i]);
		// The class is chosen where the neurons were, and its AUC measured elsewhere.
		const chosen = aucOf(means, choose, neurons, factors);
		const measured = aucOf(means, held, neurons, factors);
		const best = chosen.reduce(
			(a, { auc }, i) => (auc > (chosen[a]?.auc ?? 0) ? i : a),
			-1,
		);
		const { label, class: name, auc } = measured[best] ?? unknown;
		const correlation = meanBetween(similarity, members);
		return { neurons, correlation, label, class: name, auc };
	});
}

/** Where no class has sentences to be told from others. */
const unknown = { label: "no class", class: "", auc: Number.NaN };

/** How well the mean of several neurons tells each class of each label from the rest, on some rows. */
function aucOf(
	means: Matrix,
	rows: Uint32Array,
	neurons: number[],
	factors: Factor[],
): { label: string; class: string; auc: number }[] {
	const mean = new Float32Array(means.rows);
	for (const neuron of neurons)
		standardised(means, rows, neuron).forEach((value, i) => {
			mean[rows[i]] += value / neurons.length;
		});
	const column = { data: mean, rows: means.rows, columns: 1 };
	return factors.flatMap((factor) => {
		const { label, classes, of } = factor;
		const known = labelled(factor, rows);
		const group = Uint32Array.from(known, (i) => of[i]);
		const [auc] = aucByGroup(column, known, group, classes.length, [0]);
		return classes.map((name, g) => ({ label, class: name, auc: auc[g] }));
	});
}

/** The neuron most tied to each label, the three largest groups, and as many others at random as the largest has. */
function conditionsOf(
	factors: FactorNeurons[],
	groups: NeuronGroup[],
	listed: number[],
	d_mlp: number,
) {
	const best = new Map<string, { neuron: number; auc: number }>();
	for (const { label, neurons } of factors)
		for (const { neuron, auc } of neurons)
			if (auc > (best.get(label)?.auc ?? 0)) best.set(label, { neuron, auc });
	const labels = new Map<number, string[]>();
	for (const [label, { neuron }] of best)
		labels.set(neuron, [...(labels.get(neuron) ?? []), label]);
	const singles = [...labels].map(([neuron, of]) => ({
		name: `neuron ${neuron} (${of.join(", ")})`,
		neurons: [neuron],
	}));
	const some = groups.slice(0, 3).map(({ neurons, label }, i) => ({
		name: `group ${i + 1}: ${neurons.length} neurons (${label})`,
		neurons,
	}));
	const size = groups[0]?.neurons.length ?? 1;
	const others = Uint32Array.from({ length: d_mlp }, (_, i) => i).filter(
		(i) => !listed.includes(i),
	);
	const control = Array.from(random(0).shuffle(others).subarray(0, size)).sort(
		(a, b) => a - b,
	);
	const compared = {
		name: `${control.length} other${control.length === 1 ? "" : "s"} at random`,
		neurons: control,
		random: true as const,
	};
	return [...singles, ...some, ...(control.length ? [compared] : [])];
}
