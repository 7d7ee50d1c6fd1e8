import type { Sentences } from "../dataset";
import type { HookName } from "../model";

/** What is done with the rows before k-means sees them, so that new sentences get the same. */
export interface ClusterSpace {
	/** Taken off each column before scaling; zeros for latents. */
	offset: Float64Array; // [columns]
	/** Each column is multiplied by this; then each row is given the length 1. */
	factor: Float64Array; // [columns]
}

/** What counts as one in draws, tests and agreements. */
export interface UnitCounts {
	/** "text": a text with all its copies. "text and group": all sentences of a group, and what shares a text with them. */
	unit: "text" | "text and group";
	/** How many there are. */
	n_units: number;
	/** Sentences whose text an earlier one has (but for case and white space). */
	copies: number;
	/** The label column that names the groups, where the option `group` gave it. */
	group?: string;
}

/** How far a grouping agrees with a label, over the texts that have it: copies of a text count once. */
export interface Agreement {
	/** Adjusted Rand index (Hubert & Arabie 1985): 0 by chance, 1 when they are the same groups. */
	ari: number;
	/** Mutual information over the mean of the two entropies, 0 to 1. */
	nmi: number;
	/** Of the clusters: 1 when each has sentences of one class only. */
	homogeneity: number;
	/** 1 when each class is in one cluster only. */
	completeness: number;
	/** Harmonic mean of the two (Rosenberg & Hirschberg 2007). */
	v_measure: number;
}

/** Sentences grouped by k-means: `cluster` returns it. */
export interface Clustering extends UnitCounts {
	kind: "clusters";
	k: number;
	/** "spherical": centres have the length 1 too, and what counts is the cosine. */
	metric: "euclidean" | "spherical";
	hook_name: HookName;
	/** For reading; what the model is known by is `model_fingerprint`. Absent where an older file does not tell. */
	model_name?: string;
	/** Of the model that the rows are of (`ModelInfo.fingerprint`), where it is known. */
	model_fingerprint?: string;
	/** What was clustered. */
	source: "latents" | "activations";
	/** How a sentence's tokens became one row. */
	pool: "mean" | "max" | "last";
	/** The offsets column that the text was cut at. */
	before?: string;
	sentences: Sentences;
	/** Each sentence's cluster, 0 to k − 1; cluster 0 is the largest. */
	assignment: Uint32Array; // [n_sentences]
	/** In the scaled space. */
	centres: Float32Array; // [k, columns]
	space: ClusterSpace;
	/** Sentences in each cluster. */
	sizes: number[];
	/**
	 * Sentences whose row is zero: no latent fires in them, or none that varies. They lie in the nearest cluster, though they
	 * have no direction, and are never among `exemplars` and `farthest`. Absent where an older file does not tell.
	 */
	silent?: number;
	/** Sum of squared distances to the nearest centre, over scaled rows of length 1. */
	inertia: number;
	/** Mean silhouette of at most 2,000 texts, −1 to 1; copies of a text count once. */
	silhouette: number;
	/** With each label; NaN where no sentence has it. */
	agreement: Record<string, Agreement>;
	/** The five texts nearest each centre, nearest first, each by its first sentence there. */
	exemplars: { cluster: number; sentence: number; distance: number }[];
	/** The five texts of each cluster that lie farthest from its centre, farthest first. */
	farthest: { cluster: number; sentence: number; distance: number }[];
	/**
	 * The ten latents that mark each cluster, best first; empty for activations. `score`: in standard deviations, how far
	 * the mean inside lies above the mean outside. `inside`, `outside`: share of sentences in which it fires. `lift`: inside
	 * over the share among all. `p_value`: that so many fire inside by chance (one-sided Fisher test over units: each counts
	 * once, shared out among its sentences), corrected for all clusters × latents that fire (Benjamini & Hochberg 1995).
	 */
	marks: {
		cluster: number;
		latent: number;
		score: number;
		inside: number;
		outside: number;
		lift: number;
		p_value: number;
	}[];
	/**
	 * The ten tokens that mark each cluster, best first. `score`: z-score of the log-odds against the other clusters, copies of
	 * a text counted once.
	 */
	tokens: { cluster: number; token: string; score: number }[];
	/** For each exemplar, in the same order: the characters that make it belong there, and how much (0 to 1). */
	activating: { start: number; end: number; strength: number }[][];
	/**
	 * Every class of every label in every cluster: `inside` and `overall` are the class's shares, `lift` their ratio,
	 * `p_value` that it is at least so frequent inside by chance (as for `marks`, corrected over the label's clusters ×
	 * classes). Sentences without the label do not count; of a label with more than 50 classes the 50 most frequent are here.
	 */
	enrichment: {
		cluster: number;
		label: string;
		class: string;
		n: number;
		inside: number;
		overall: number;
		lift: number;
		p_value: number;
	}[];
	/** The clustered rows along the first two principal components of the centres; of the rows, where k is 1 or 2. */
	projection: [number, number][]; // [n_sentences]
	solver: "lloyd" | "ml-kmeans";
	/** k-means++ starts that were tried. */
	restarts: number;
	seed: number;
	/** Set where k-means was interrupted: then this is the best clustering so far. */
	stopped?: "interrupted";
	/** Wall-clock. */
	seconds: number;
}

/** Sentences put into the clusters of others: `assignSentences` returns it. */
export interface ClusterAssignment extends UnitCounts {
	kind: "cluster-assignment";
	k: number;
	hook_name: HookName;
	sentences: Sentences;
	/** Cluster of each sentence. */
	assignment: Uint32Array; // [n_sentences]
	/** Of each sentence to its cluster's centre, in the clustering's scaled space. */
	distance: Float64Array; // [n_sentences]
	/** Sentences in each cluster; some may have none. */
	sizes: number[];
	/** Sentences whose row is zero, see `Clustering.silent`. */
	silent: number;
	/** With each label of these sentences. */
	agreement: Record<string, Agreement>;
}

/** What speaks for each number of clusters: `howManyClusters` returns it. */
export interface ClusterCounts extends UnitCounts {
	kind: "cluster-counts";
	source: "latents" | "activations";
	hook_name: HookName;
	/** All of them; every number below is of the different texts, n_sentences − copies, each counted once. */
	n_sentences: number;
	/** Sentences whose row is zero, see `Clustering.silent`. */
	silent: number;
	/** By rising k; the first is k = 1, of which silhouette and stability are NaN. */
	rows: {
		k: number;
		inertia: number;
		/** Mean log inertia of reference data without clusters less our own (Tibshirani, Walther & Hastie 2001). */
		gap: number;
		/** Standard error of the gap: s(k) · √(1 + 1/B). */
		gap_error: number;
		silhouette: number;
		/**
		 * Mean adjusted Rand index between pairs of fits to bootstrap samples of the units, on the texts that both saw. The index is
		 * corrected for chance, so that 0 is what random groups would have, for every k.
		 */
		stability: number;
		/** Least and largest of the pairs. */
		stability_range: [number, number];
		/**
		 * The least sure cluster: its mean Jaccard index with the most similar cluster of each bootstrap fit (Hennig 2007: from
		 * 0.75 stable, below 0.6 not to be trusted). Absent for k = 1.
		 */
		weakest?: number;
	}[];
	/**
	 * What each criterion alone would choose. gap: the first k whose gap is at least the next one's less its error, 1 among
	 * them; silhouette: the highest; stability: the largest k within 0.01 of the highest. Absent where it is known of no number.
	 */
	choices: { gap: number; silhouette?: number; stability?: number };
	recommended: number;
	/** Why, in a sentence. */
	reason: string;
	/** Bootstrap fits and reference data sets for each k. */
	repeats: number;
	/** k-means++ starts of each fit. */
	restarts: number;
	metric: Clustering["metric"];
	seed: number;
	stopped?: "interrupted";
	seconds: number;
}

/** The latents of an autoencoder grouped: `clusterLatents` returns it. */
export interface LatentClustering {
	kind: "latent-clusters";
	/** "decoder": the directions that they write; "coactivation": which sentences they fire in together. */
	by: "decoder" | "coactivation";
	method: "spherical" | "agglomerative";
	k: number;
	hook_name: HookName;
	/** The latents that were grouped: those that fire at all, or all of them; a sample where there were too many. */
	latents: Uint32Array; // [n]
	/** Cluster of each of `latents`; cluster 0 is the largest. */
	assignment: Uint32Array; // [n]
	sizes: number[];
	/** Latents that could be grouped; where they are more than `latents`, these were drawn from them at random. */
	n_candidates: number;
	/** Sentences whose text an earlier one has: a text counts once. Absent where only an autoencoder was given. */
	copies?: number;
	/** Mean cosine of its members with its mean direction. */
	tightness: number[];
	/**
	 * Mean adjusted Rand index between pairs of fits to bootstrap samples of the latents, as in `ClusterCounts`; latents with
	 * one and the same row are drawn together and count once. Absent where none was made.
	 */
	stability?: number;
	/** How many bootstrap samples were fitted; 0 for none. */
	repeats: number;
	/** How surely each cluster is found again in these: the Jaccard index of Hennig 2007, from 0.75 stable, below 0.6 not to be trusted. */
	found_again?: number[];
	/** The five members nearest each cluster's mean direction, with the cosine. */
	members: { cluster: number; latent: number; cosine: number }[];
	/** For each of `latents`, where it lies. */
	map: [number, number][]; // [n]
	map_method: "pca" | "umap";
	/** The token that each of `latents` fires on most; absent where only an autoencoder was given. */
	tokens?: string[];
	seed: number;
	stopped?: "interrupted";
	seconds: number;
}

/** k-means step by step in two dimensions: `kMeansSteps` returns it. */
export interface KMeansSteps {
	kind: "k-means-steps";
	k: number;
	/** The sentences that were clustered: all, or of a random sample of texts the first of each. */
	points: { sentence: number; x: number; y: number; text: string }[];
	/** From the start to the end. */
	steps: {
		/** [k] places of the centres. */
		centres: [number, number][];
		/** Cluster of each of `points`. */
		assignment: number[];
		inertia: number;
		/** How many points changed their cluster in this step. */
		moved: number;
	}[];
	converged: boolean;
	/** How many different texts there were to draw from. */
	n_texts: number;
	/** Sentences whose text an earlier one has: a sample has none of them. */
	copies: number;
	/** How the centres were placed first. */
	start: "random" | "k-means++";
	seed: number;
}

/** Tokens grouped by mini-batch k-means: `clusterTokens` returns it. */
export interface TokenClustering {
	kind: "token-clusters";
	k: number;
	/** "spherical": tokens and centres have the length 1, and what counts is the cosine. */
	metric: Clustering["metric"];
	hook_name: HookName;
	/** Cluster of each token; cluster 0 is the largest. */
	assignment: Uint32Array; // [n_tokens]
	centres: Float32Array; // [k, d_in]
	sizes: number[];
	/** Sum of squared distances to the centres, in the activations' own units or of tokens at length 1. */
	inertia: number;
	/** The ten token types that mark each cluster, as in `Clustering`. */
	tokens: { cluster: number; token: string; score: number }[];
	/** Sentences whose text an earlier one has: in what marks the clusters a text counts once. */
	copies: number;
	/** That were learned from, of `batch_size` tokens; each token was in `epochs` of them. */
	batches: number;
	batch_size: number;
	epochs: number;
	seed: number;
	stopped?: "interrupted";
	seconds: number;
}
