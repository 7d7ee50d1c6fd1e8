import type { Sentences } from "../dataset";

/** Sentences grouped by k-means: `cluster` returns it. */
export interface Clustering {
	kind: "clusters";
	k: number;
	hook_name: string;
	/** What was clustered. */
	source: "latents" | "activations";
	/** The offsets column that the text was cut at. */
	before?: string;
	sentences: Sentences;
	/** Each sentence's cluster, 0 to k − 1; cluster 0 is the largest. */
	assignment: Uint32Array; // [n_sentences]
	/** Sentences in each cluster. */
	sizes: number[];
	/** Sum of squared distances to the nearest centre, over scaled rows of length 1. */
	inertia: number;
	/** Mean silhouette of at most 2,000 sentences, −1 to 1. */
	silhouette: number;
	/** Adjusted Rand index against each label: 0 by chance, 1 when they are the same groups. */
	ari: Record<string, number>;
	/** The five sentences nearest each centre, nearest first. */
	exemplars: { cluster: number; sentence: number; distance: number }[];
	/** The ten latents that mark each cluster, best first; empty for activations. `score`: in standard deviations, how far the mean inside lies above the mean outside. */
	marks: { cluster: number; latent: number; score: number }[];
	/** The ten tokens that mark each cluster, best first. `score`: z-score of the log-odds against the other clusters. */
	tokens: { cluster: number; token: string; score: number }[];
	/** For each exemplar, in the same order: the characters that make it belong there, and how much (0 to 1). */
	activating: { start: number; end: number; strength: number }[][];
	/** The clustered rows along the first two principal components of the centres; of the rows, where k is 1 or 2. */
	projection: [number, number][]; // [n_sentences]
	solver: "lloyd" | "ml-kmeans";
	seed: number;
	/** Set where k-means was interrupted: then this is the best clustering so far. */
	stopped?: "interrupted";
	/** Wall-clock. */
	seconds: number;
}
