import type { Matrix } from "../activations";
import { deafStep } from "../interrupt";
import { cosines } from "./cosines";
import type { Partition } from "./kmeans";

type Tree = ReturnType<typeof import("ml-hclust").agnes>;

/** Cosine distances below this are what 32 bits leave between equal directions. */
const EQUAL = 1e-6;

/**
 * Groups rows of length 1 by the npm library ml-hclust: agglomerative clustering by average linkage on cosine distances
 * (1 − cos). The two groups with the least mean distance between their members are joined, until k are left. Its work
 * grows with n³, its memory with n², and it hears no interrupt once it runs.
 *
 * Throws where fewer than k directions differ.
 */
export async function agglomerate(
	x: Matrix,
	k: number,
	signal?: AbortSignal,
): Promise<Pick<Partition, "assignment" | "centres" | "stopped">> {
	const distances = Array.from(
		{ length: x.rows },
		() => new Float64Array(x.rows),
	);
	let i = 0;
	for await (const own of cosines(x, signal)) {
		// One of the two for both: in 32 bits they may differ by the last digit.
		for (let j = 0; j < i; j++) {
			distances[i][j] = Math.max(0, 1 - own[j]);
			distances[j][i] = distances[i][j];
		}
		i++;
	}
	// The library is an ES module; it is loaded only when it is asked for.
	const { agnes } = await import("ml-hclust");
	const tree = await deafStep(async () =>
		agnes(distances, { isDistanceMatrix: true, method: "average" }),
	);
	const assignment = new Uint32Array(x.rows);
	cut(tree, k).forEach((group, c) => {
		for (const row of leaves(group)) assignment[row] = c;
	});
	return { assignment, centres: new Float32Array() }; // the tree has none
}

/** The k groups that were there before the last k − 1 were joined. The library's own cut loses a row where all are equal. */
function cut(tree: Tree, k: number): Tree[] {
	const groups = [tree];
	while (groups.length < k) {
		let highest = 0;
		for (let i = 1; i < groups.length; i++)
			if (groups[i].height > groups[highest].height) highest = i;
		if (groups[highest].height < EQUAL)
			throw new Error(
				`k is ${k}, but the directions differ in ${groups.length} ways only; give a smaller k.`,
			);
		groups.push(...groups.splice(highest, 1)[0].children);
	}
	return groups;
}

/** Without recursion: a tree may be as deep as it has rows. */
function leaves(tree: Tree): number[] {
	const rows: number[] = [];
	const open = [tree];
	for (let node = open.pop(); node; node = open.pop()) {
		if (node.isLeaf) rows.push(node.index);
		open.push(...node.children);
	}
	return rows;
}
