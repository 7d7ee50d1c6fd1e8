import { topIndices } from "../top";

/** Clusters renamed so that 0 is the largest; of equal ones the first stays first. Centres [k, columns] go with them. */
export function largestFirst(
	found: { assignment: Uint32Array; centres: Float32Array },
	k: number,
): { assignment: Uint32Array; centres: Float32Array; sizes: number[] } {
	const sizes = sizesOf(found.assignment, k);
	const order = topIndices(sizes, k);
	const d = found.centres.length / k;
	const centres = new Float32Array(found.centres.length);
	const name = new Uint32Array(k);
	order.forEach((old, c) => {
		name[old] = c;
		centres.set(found.centres.subarray(old * d, (old + 1) * d), c * d);
	});
	return {
		assignment: found.assignment.map((old) => name[old]),
		centres,
		sizes: order.map((old) => sizes[old]),
	};
}

export function sizesOf(assignment: Uint32Array, k: number): number[] {
	const sizes = new Array<number>(k).fill(0);
	for (const c of assignment) sizes[c]++;
	return sizes;
}
