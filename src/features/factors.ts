import type { Clustering } from "../cluster";
import { hasLabel, type Sentences, unlabelledNotes } from "../dataset";
import { turns } from "../interrupt";
import { nearNames } from "../suggest";
import { topIndices } from "../top";
import { aucByGroup, type Matrix } from "./association";
import type { FactorNeurons } from "./report";

/** A column of classes, one number a sentence. */
export interface Factor {
	label: string;
	classes: string[];
	/** The class of each of the chosen sentences; `classes.length` where it has no label, and takes no part. */
	of: Uint32Array; // [chosen.length]
	/** Sentences that have no label. */
	n_unlabelled: number;
}

/** Those of some of the chosen that have the label. */
export function labelled(
	{ of, classes }: Factor,
	rows: Uint32Array,
): Uint32Array {
	return rows.filter((row) => of[row] < classes.length);
}

/** A sentence for each factor that some sentences have no label of. */
export function factorNotes(factors: Factor[]): string[] {
	return factors.flatMap(({ label, of, n_unlabelled }) =>
		unlabelledNotes(label, n_unlabelled, of.length),
	);
}

/** Labels with more classes than this are names or texts rather than factors. */
const max_classes = 12;
/** Neurons looked at between two looks at the signal. */
const AT_ONCE = 32;
/** Neurons listed for each class. */
export const listed = 5;

/**
 * The labels asked for as factors; every label of 2 to 12 classes when none are.
 * Throws where a label is not there, or has a single class.
 */
export function factorsOf(
	sentences: Sentences,
	chosen: Uint32Array,
	labels?: string[],
): Factor[] {
	const known = Object.keys(sentences.labels);
	for (const label of labels ?? [])
		if (!known.includes(label))
			throw new Error(
				`The sentences have no label "${label}": choose some of theirs, such as ${nearNames(label, known).join(", ") || "(they have none)"}.`,
			);
	const factors = (labels ?? known).map((label) =>
		asFactor(label, sentences.labels[label], chosen),
	);
	for (const { label, classes } of labels ? factors : [])
		if (classes.length < 2)
			throw new Error(
				`The label "${label}" has ${classes.length ? "a single class" : "no values"} in these sentences: two classes or more are needed.`,
			);
	return labels
		? factors
		: factors.filter(
				({ classes: { length } }) => length > 1 && length <= max_classes,
			);
}

/** The clusters as a factor. Throws where they are clusters of other sentences. */
export function clusterFactor(
	clusters: Clustering,
	sentences: Sentences,
	chosen: Uint32Array,
): Factor {
	if (clusters.assignment.length !== sentences.text.length)
		throw new Error(
			`The clusters are of ${clusters.assignment.length} sentences and ${sentences.text.length} were given: give the sentences that were clustered.`,
		);
	const names = Array.from(clusters.assignment, String);
	return asFactor("cluster", names, chosen);
}

function asFactor(
	label: string,
	column: string[],
	chosen: Uint32Array,
): Factor {
	const values = Array.from(chosen, (i) => column[i]);
	const classes = [...new Set(values.filter(hasLabel))].sort((a, b) =>
		a.localeCompare(b, "en", { numeric: true }),
	);
	const number = new Map(classes.map((name, i) => [name, i]));
	return {
		label,
		classes,
		of: Uint32Array.from(values, (v) => number.get(v) ?? classes.length),
		n_unlabelled: values.filter((v) => !hasLabel(v)).length,
	};
}

/**
 * For each class of a factor the neurons (five at most) with the largest AUC on the rows `chosen`, measured again on the rows `measured`,
 * so that the numbers are not flattered by the choice.
 */
export async function neuronsOf(
	factor: Factor,
	means: Matrix,
	chosen: Uint32Array,
	measured: Uint32Array,
	signal?: AbortSignal,
): Promise<FactorNeurons[]> {
	const groups = factor.classes.length;
	const choose = labelled(factor, chosen);
	const held = labelled(factor, measured);
	const of = (rows: Uint32Array) => Uint32Array.from(rows, (i) => factor.of[i]);
	const turn = turns(signal);
	const own = of(choose);
	const chosenBy: Float64Array[] = [];
	for (let from = 0; from < means.columns; from += AT_ONCE) {
		await turn();
		const length = Math.min(AT_ONCE, means.columns - from);
		const some = Array.from({ length }, (_, j) => from + j);
		chosenBy.push(...aucByGroup(means, choose, own, groups, some));
	}
	return factor.classes.map((name, g) => {
		const by = chosenBy.map((auc) => auc[g]);
		const best = topIndices(by, listed).filter((neuron) => by[neuron] > 0.5);
		const auc = aucByGroup(means, held, of(held), groups, best);
		return {
			label: factor.label,
			class: name,
			neurons: best.map((neuron, i) => {
				const [mean_inside, mean_outside] = meansBy(
					means,
					held,
					neuron,
					(row) => factor.of[row] === g,
				);
				return { neuron, auc: auc[i][g], mean_inside, mean_outside };
			}),
		};
	});
}

function meansBy(
	means: Matrix,
	rows: Uint32Array,
	column: number,
	inside: (row: number) => boolean,
): [number, number] {
	const sum = [0, 0];
	const n = [0, 0];
	for (const row of rows) {
		const side = inside(row) ? 0 : 1;
		sum[side] += means.data[row * means.columns + column];
		n[side]++;
	}
	return [sum[0] / n[0], sum[1] / n[1]];
}
