import { topIndices } from "../top";

/** Clusters renamed so that 0 is the largest; of equal ones the first stays first. `order`: the old name of each. */
export function largestFirst(
	found: Uint32Array,
	k: number,
): { assignment: Uint32Array; sizes: number[]; order: number[] } {
	const sizes = new Float64Array(k);
	for (const c of found) sizes[c]++;
	const order = topIndices(sizes, k);
	const name = new Uint32Array(k);
	order.forEach((old, c) => {
		name[old] = c;
	});
	return {
		assignment: found.map((old) => name[old]),
		sizes: order.map((old) => sizes[old]),
		order,
	};
}
