import type { SplitRecord } from "../dataset";
import type { HookName } from "../model";

/** How strongly one neuron goes with one class of a label, or with one cluster. */
export interface NeuronAssociation {
	neuron: number;
	/**
	 * Area under the ROC curve on held-out sentences: the chance that a sentence of the class has the larger mean
	 * activation than one of the rest (0.5: no tie, 1: always larger, 0: always smaller).
	 */
	auc: number;
	/** Mean activation over sentences of the class, and over the rest, held-out. */
	mean_inside: number;
	mean_outside: number;
}

/** The neurons most tied to one class, strongest first. */
export interface FactorNeurons {
	/** "topic", "tense"; "cluster" for clusters. */
	label: string;
	/** "music", "past"; the cluster's number. */
	class: string;
	neurons: NeuronAssociation[];
}

/** Neurons that act together. */
export interface NeuronGroup {
	neurons: number[];
	/** Mean Pearson correlation over pairs, across sentences. */
	correlation: number;
	/**
	 * The class whose sentences the group's mean activation tells best from the rest, chosen where the neurons were, and how
	 * well it does so held-out; NaN where that has no such sentences.
	 */
	label: string;
	class: string;
	auc: number;
}

/** What setting neurons to zero does to the model's answers. */
export interface NeuronEffect {
	/** "neuron 12 (tense)", "group 1", "7 other neurons". */
	name: string;
	neurons: number[];
	/** Picked at random, to compare the others by. */
	random?: true;
	/** Mean score of the answers on the untouched model, in nats. */
	before: number;
	/** Mean change of the score when the neurons are zero, in nats: negative where they helped. */
	change: number;
	/** 95 % interval of the mean change (normal approximation), prompts of the same tokens being one; NaN where all are the same, or change by the same. */
	interval: [number, number];
	/** Share of prompts whose preferred answer turns from right to wrong; only where wrong answers were given. */
	flipped?: number;
}

/** Neurons of one layer: what they go with, which act together, and what they do. */
export interface NeuronReport {
	kind: "neurons";
	model_name: string;
	layer: number;
	hook_name: HookName;
	d_mlp: number;
	/** Sentences that neurons were chosen on, and those that the associations were measured on. */
	n_chosen_on: number;
	n_held_out: number;
	/** How the sentences were split. */
	split: SplitRecord;
	factors: FactorNeurons[];
	/** Present where a clustering was given. */
	clusters?: FactorNeurons[];
	/** Largest first. */
	groups: NeuronGroup[];
	/** The AUC of every listed neuron (rows) with every class (columns, in the order of `factors`), held-out. */
	table: { neurons: number[]; auc: number[][] };
	effects: NeuronEffect[];
	/** What an answer's score is. */
	score: "logit difference" | "log-probability";
	n_prompts: number;
	/** What a reader should know, a sentence each. */
	notes: string[];
	/** Wall-clock. */
	seconds: number;
}
