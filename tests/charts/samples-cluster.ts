import type { SparseMatrix } from "../../src/activations";
import type {
	Agreement,
	ClusterCounts,
	Clustering,
	KMeansSteps,
	LatentClustering,
	TokenClustering,
} from "../../src/cluster";
import { random } from "../../src/random";
import { topics } from "./samples-probe";

/** Made-up clusterings of the size that real ones have, the same every time. */

const middle = [
	[2, 1],
	[-2, 1.2],
	[0.2, -2],
	[2.4, -2],
	[-2.6, -1.8],
];

const five = [0, 1, 2, 3, 4];

function agreeing(ari: number, v: number): Agreement {
	return {
		ari,
		nmi: v,
		homogeneity: 0.92 * v,
		completeness: Math.min(1, v / (2 - 1 / 0.92)),
		v_measure: v,
	};
}

export function clustering(n = 3000): Clustering {
	const r = random(5);
	const assignment = Uint32Array.from({ length: n }, () => r.int(5));
	const text = Array.from(
		assignment,
		(c, i) =>
			`Sentence ${i}: "The <b>soup</b> & the choir were better than expected," said Anna to group ${c}.`,
	);
	const labels = {
		topic: Array.from(
			assignment,
			(c) => topics[r.uniform() < 0.8 ? c : r.int(6)],
		),
		tense: text.map(() => (r.uniform() < 0.5 ? "past" : "present")),
	};
	const sentencesOf = (cluster: number, from: number, first: number) =>
		[...assignment.keys()]
			.filter((i) => assignment[i] === cluster)
			.slice(from, from + 3)
			.map((sentence, i) => ({ cluster, sentence, distance: first + i / 10 }));
	return {
		kind: "clusters",
		k: 5,
		metric: "euclidean",
		hook_name: "blocks.5.hook_resid_post",
		source: "latents",
		pool: "mean",
		sentences: {
			kind: "sentences",
			name: "bundled",
			text,
			labels,
			offsets: {},
		},
		...{ unit: "text", n_units: text.length, copies: 0, silent: 0 },
		assignment,
		centres: new Float32Array(5 * 2),
		space: { offset: new Float64Array(2), factor: new Float64Array(2).fill(1) },
		sizes: five.map((c) => assignment.filter((a) => a === c).length),
		inertia: 1234.5,
		silhouette: 0.31,
		agreement: {
			tense: agreeing(0.004, 0.006),
			topic: agreeing(0.62, 0.66),
			sentiment: agreeing(0.05, 0.08),
			number: agreeing(0.001, 0.002),
			pronoun: agreeing(-0.002, 0.001),
			repeats: agreeing(0.01, 0.02),
			quoted: agreeing(0.08, 0.12),
		},
		exemplars: five.flatMap((c) => sentencesOf(c, 0, 0.1)),
		farthest: five.flatMap((c) => sentencesOf(c, 3, 0.9)),
		marks: five.flatMap((cluster) =>
			[0, 1, 2].map((i) => ({
				cluster,
				latent: 100 * cluster + i,
				score: 3 - i,
				inside: 0.9 - i / 5,
				outside: 0.05 + i / 50,
				lift: 4 - i,
				p_value: 10 ** (-40 + 19 * i),
			})),
		),
		tokens: five.flatMap((cluster) =>
			[" soup", " choir", "<td>"].map((token, i) => ({
				cluster,
				token,
				score: 9 - i,
			})),
		),
		activating: Array.from({ length: 15 }, () => [
			{ start: 13, end: 16, strength: 0.3 },
			{ start: 20, end: 24, strength: 1 },
		]),
		enrichment: enriched(assignment, labels),
		projection: Array.from(assignment, (c) => [
			middle[c][0] + 0.7 * r.normal(),
			middle[c][1] + 0.6 * r.normal(),
		]),
		solver: "lloyd",
		restarts: 10,
		seed: 0,
		seconds: 0.8,
	};
}

/** The counts are true, the p-values only look it. */
export function enriched(
	assignment: Uint32Array,
	labels: Record<string, string[]>,
): Clustering["enrichment"] {
	const k = assignment.reduce((a, b) => Math.max(a, b), 0) + 1;
	return Object.entries(labels).flatMap(([label, column]) =>
		[...new Set(column)].sort().flatMap((name) => {
			const overall = column.filter((c) => c === name).length / column.length;
			return Array.from({ length: k }, (_, cluster) => {
				const own = column.filter((_, i) => assignment[i] === cluster);
				const n = own.filter((c) => c === name).length;
				const inside = n / (own.length || 1);
				const lift = inside / overall;
				return {
					...{ cluster, label, class: name, n, inside, overall, lift },
					p_value: lift > 1 ? Math.exp(-0.1 * n * (lift - 1)) : 1,
				};
			});
		}),
	);
}

/** A clustering with sixty classes in twelve clusters. */
export function manyClassed(): Clustering {
	const r = random(12);
	const made = clustering(1500);
	const assignment = made.assignment.map(() => r.int(12));
	const subject = Array.from(assignment, (c) =>
		r.uniform() < 0.7
			? `subject ${c} of a rather long name, part ${r.int(5)}`
			: `subject ${r.int(12)} of a rather long name, part ${r.int(5)}`,
	);
	return {
		...made,
		k: 12,
		assignment,
		sizes: Array.from({ length: 12 }, (_, c) =>
			assignment.reduce((n, a) => n + Number(a === c), 0),
		),
		enrichment: enriched(assignment, { subject }),
		agreement: { subject: agreeing(0.2, 0.5) },
	};
}

/** Latents 0, 1 and 2 of each hundred fire mostly in their cluster. */
export function pooled({ assignment }: Clustering): SparseMatrix {
	const r = random(15);
	const rows = Array.from(assignment, (c) =>
		five.flatMap((of) =>
			[0, 1, 2]
				.filter(() => r.uniform() < (of === c ? 0.8 : 0.08))
				.map((i) => [100 * of + i, 0.2 + r.uniform()]),
		),
	);
	const entries = rows.flat();
	const indptr = new Float64Array(rows.length + 1);
	for (const [i, row] of rows.entries()) indptr[i + 1] = indptr[i] + row.length;
	return {
		kind: "sparse",
		rows: rows.length,
		columns: 1024,
		indptr,
		indices: Uint32Array.from(entries, ([latent]) => latent),
		values: Float32Array.from(entries, ([, value]) => value),
	};
}

export const counts: ClusterCounts = {
	kind: "cluster-counts",
	source: "latents",
	hook_name: "blocks.5.hook_resid_post",
	n_sentences: 3000,
	...{ unit: "text", n_units: 3000, copies: 0, silent: 0 },
	rows: [1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20].map((k) => {
		const far = Math.abs(Math.log(k / 6));
		const none = k === 1 ? Number.NaN : 0;
		const stability = Math.max(0.2, 0.93 - 0.45 * far) + none;
		return {
			k,
			inertia: 2100 / k ** 0.4 + (k > 6 ? 0 : 130 * (6 - k)),
			gap: 0.45 - 0.25 * far ** 1.3,
			gap_error: 0.012 + 0.001 * k,
			silhouette: 0.34 - 0.12 * far + none,
			stability,
			stability_range: [stability - 0.11, Math.min(1, stability + 0.06)],
			...(k > 1 && { weakest: 0.86 * stability - 0.03 }),
		};
	}),
	choices: { gap: 6, silhouette: 6, stability: 5 },
	recommended: 6,
	reason:
		"6 is the smallest k whose gap is within one standard error of the next, and its clusters come out the same again (0.93).",
	repeats: 10,
	restarts: 10,
	metric: "euclidean",
	seed: 0,
	seconds: 21,
};

export const steps: KMeansSteps = (() => {
	const r = random(31);
	const points = Array.from({ length: 600 }, (_, sentence) => {
		const [x, y] = middle[r.int(5)];
		return {
			sentence,
			x: x + 0.7 * r.normal(),
			y: y + 0.6 * r.normal(),
			text: `Sentence ${sentence} is about <i>soup</i> and “choirs”.`,
		};
	});
	let centres = points.slice(0, 5).map((p): [number, number] => [p.x, p.y]);
	let before: number[] = [];
	const made: KMeansSteps["steps"] = [];
	for (let moved = 1; moved && made.length < 40; ) {
		const away = (p: { x: number; y: number }, [x, y]: [number, number]) =>
			(p.x - x) ** 2 + (p.y - y) ** 2;
		const assignment = points.map((p) => {
			const distances = centres.map((c) => away(p, c));
			return distances.indexOf(Math.min(...distances));
		});
		moved = assignment.filter((c, i) => c !== before[i]).length;
		const inertia = points.reduce(
			(sum, p, i) => sum + away(p, centres[assignment[i]]),
			0,
		);
		made.push({ centres, assignment, inertia, moved });
		before = assignment;
		centres = centres.map((old, c) => {
			const own = points.filter((_, i) => assignment[i] === c);
			if (!own.length) return old;
			const mean = (of: "x" | "y") =>
				own.reduce((sum, p) => sum + p[of], 0) / own.length;
			return [mean("x"), mean("y")];
		});
	}
	return {
		kind: "k-means-steps",
		k: 5,
		points,
		steps: made,
		converged: true,
		...{ n_texts: 600, copies: 0, start: "random" },
		seed: 0,
	};
})();

/** Twenty-four clusters of the latents of an autoencoder. */
export const latentClusters: LatentClustering = (() => {
	const r = random(41);
	const k = 24;
	const n = 4000;
	const words = "soup garden choir school match train river bread".split(" ");
	const places = Array.from({ length: k }, () => [
		6 * r.normal(),
		6 * r.normal(),
	]);
	const assignment = Uint32Array.from({ length: n }, () =>
		Math.floor(k * r.uniform() ** 1.3),
	);
	const latents = Uint32Array.from({ length: n }, (_, i) => 3 * i);
	return {
		kind: "latent-clusters",
		by: "decoder",
		method: "spherical",
		k,
		hook_name: "blocks.5.hook_resid_post",
		latents,
		assignment,
		sizes: places.map((_, c) => assignment.filter((a) => a === c).length),
		n_candidates: n,
		repeats: 0,
		tightness: places.map((_, c) => 0.8 - c / 60),
		members: places.flatMap((_, cluster) =>
			[...assignment.keys()]
				.filter((i) => assignment[i] === cluster)
				.slice(0, 5)
				.map((i, j) => ({ cluster, latent: latents[i], cosine: 0.9 - j / 20 })),
		),
		map: Array.from(assignment, (c): [number, number] => [
			places[c][0] + 0.8 * r.normal(),
			places[c][1] + 0.8 * r.normal(),
		]),
		map_method: "umap",
		tokens: Array.from(assignment, (c) =>
			r.uniform() < 0.1 ? " <b>" : ` ${words[c % 8]}${c > 7 ? c : ""}`,
		),
		seed: 0,
		seconds: 3,
	};
})();

export const tokenClusters: TokenClustering = {
	kind: "token-clusters",
	k: 3,
	metric: "euclidean",
	hook_name: "blocks.5.hook_resid_post",
	assignment: Uint32Array.of(0, 0, 0, 1, 1, 2),
	centres: new Float32Array(3 * 2),
	sizes: [3, 2, 1],
	inertia: 17.5,
	tokens: [" soup", " <b>", "\n", " choir"].map((token, i) => ({
		cluster: i % 3,
		token,
		score: 8 - i,
	})),
	copies: 0,
	...{ batches: 12, batch_size: 4096, epochs: 3 },
	seed: 0,
	seconds: 2,
};
