/**
 * k-means beside scikit-learn with ten k-means++ starts each, and beside ml-kmeans with one start. "minimum" is the
 * inertia that each ended at: less is better.
 */
import { kMeans } from "../../src/cluster/kmeans";
import {
	madeRows,
	minimumNote,
	type RowSizes,
	scikitLearn,
	sizesName,
} from "../made-rows";
import { startPeer } from "../peer";
import { timed } from "../turns";
import type { Row, Suite } from "../types";

function row(sizes: RowSizes, library = false): Row {
	const k = sizes.classes;
	const name = `k-means, ${sizesName(sizes)}, k ${k}, 10 starts`;
	return {
		name: library ? `${name}, npm with 1` : name,
		rounds: library || sizes.rows > 50_000 ? 1 : 3,
		async open(folder) {
			const { x } = madeRows(sizes);
			return {
				ours: timed(
					() => kMeans(x, { k, seed: 0 }),
					({ inertia }) => inertia,
				),
				peer: library
					? await startPeer({
							name: "ml-kmeans",
							script: "kmeans_library.ts",
							settings: sizes,
						})
					: await scikitLearn(folder, x, { k, starts: 10 }),
				note: minimumNote,
			};
		},
	};
}

const small = { rows: 2000, columns: 128, classes: 5 };

export const suite: Suite = {
	rows: [
		row(small),
		...[5, 50].flatMap((classes) => [
			row({ rows: 10_000, columns: 512, classes }),
			row({ rows: 10_000, columns: 24_576, classes, perRow: 32 }),
		]),
		row({ rows: 100_000, columns: 512, classes: 50 }),
		row({ rows: 100_000, columns: 24_576, classes: 50, perRow: 32 }),
		row(small, true),
	],
};
