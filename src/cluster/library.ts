import { forEachEntry, type Matrix } from "../activations";
import { turns } from "../interrupt";
import type { Partition } from "./kmeans";
import type { Clustering } from "./result";

type Round = ReturnType<typeof import("ml-kmeans").kmeans>;

/** Rows × columns × clusters that the library gets through in about a minute. */
const LIMIT = 100_000_000;

/**
 * k-means by the npm library ml-kmeans: one k-means++ start, at most 100 rounds. It takes dense rows only (they are
 * made dense, so this is for small data), and a cluster that loses all its rows stays where it was, empty.
 * `start` gives the centres' rows instead of k-means++. On `signal` it ends after the round at hand.
 *
 * Throws on a metric other than "euclidean", the only one that its centres, means, are right for; on too much data; and
 * where a cluster stays empty.
 */
export async function kMeansWithLibrary(
	x: Matrix,
	options: {
		k: number;
		seed: number;
		metric?: Clustering["metric"];
		start?: ArrayLike<number>;
		signal?: AbortSignal;
	},
): Promise<Partition> {
	const { k, seed, metric = "euclidean", signal } = options;
	if (metric !== "euclidean")
		throw new Error(
			`solver "ml-kmeans" knows the metric "euclidean" only, and "${metric}" was given; leave out the one or the other.`,
		);
	const work = x.rows * x.columns * k;
	if (work > LIMIT)
		throw new Error(
			`solver "ml-kmeans" is for small data: ${x.rows} sentences × ${x.columns} columns × ${k} clusters is ${work}, more than ${LIMIT}; give fewer sentences, or leave the solver out.`,
		);
	// The library is an ES module; it is loaded only when it is asked for.
	const { kmeansGenerator } = await import("ml-kmeans");
	const rows = Array.from({ length: x.rows }, () =>
		new Array<number>(x.columns).fill(0),
	);
	forEachEntry(x, (i, j, value) => {
		rows[i][j] = value;
	});
	const start = options.start && Array.from(options.start, (i) => rows[i]);
	const rounds = kmeansGenerator(rows, k, {
		seed,
		tolerance: 0,
		...(start && { initialization: start }),
	});
	const turn = turns();
	let found = rounds.next().value as Round;
	for (const round of rounds) {
		found = round;
		await turn();
		if (signal?.aborted) break;
	}
	const stopped = signal?.aborted && !found.converged;
	const assignment = Uint32Array.from(found.clusters);
	const missing = new Set(assignment).size;
	if (missing < k)
		throw new Error(
			`ml-kmeans left ${k - missing} of ${k} clusters empty; give a smaller k or another seed, or leave the solver out.`,
		);
	let inertia = 0;
	const centres = new Float32Array(k * x.columns);
	found.centroids.forEach((centre, c) => {
		centres.set(centre, c * x.columns);
	});
	rows.forEach((row, i) => {
		const centre = found.centroids[assignment[i]];
		for (let j = 0; j < row.length; j++) inertia += (row[j] - centre[j]) ** 2;
	});
	const { iterations } = found;
	return {
		...{ assignment, centres, inertia, iterations },
		...(stopped && { stopped: "interrupted" as const }),
	};
}
