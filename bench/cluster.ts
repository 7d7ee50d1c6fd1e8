/**
 * k-means beside scikit-learn and ml-kmeans: the same rows and k, ten k-means++ starts each (ml-kmeans: one), in turns
 * on the same machine. "minimum" is the inertia that each ended at: less is better.
 *
 *     npx tsx bench/cluster.ts
 */
import type { Matrix } from "../src/activations/matrix";
import { kMeans, type Partition } from "../src/cluster/kmeans";
import { kMeansWithLibrary } from "../src/cluster/library";
import { type Contender, compare, madeRows, scikitLearn } from "./peer";

function contender(name: string, fit: () => Promise<Partition>): Contender {
	return {
		name,
		async run() {
			const start = performance.now();
			const { inertia } = await fit();
			return { seconds: (performance.now() - start) / 1000, value: inertia };
		},
	};
}

async function against(
	title: string,
	x: Matrix,
	k: number,
	withLibrary: boolean,
): Promise<void> {
	const options = { k, seed: 0 };
	await compare(
		`k-means, ${title}, k = ${k}`,
		[
			contender("sparselens", () => kMeans(x, options)),
			await scikitLearn(x, { k, starts: 10 }),
			withLibrary
				? contender("ml-kmeans, one start", () => kMeansWithLibrary(x, options))
				: undefined,
		],
		withLibrary ? 1 : 3,
	);
}

async function main(): Promise<void> {
	await against("dense 2000 × 128", madeRows(2000, 128, 5).x, 5, true);
	await against("dense 10,000 × 512", madeRows(10_000, 512, 5).x, 5, false);
	const sparse = madeRows(10_000, 24_576, 5, 32).x;
	await against("sparse 10,000 × 24,576, 32 a row", sparse, 5, false);
}

main();
