/** The positions of the `count` largest values, largest first; equal values in their order, NaN never. */
export function topIndices(values: ArrayLike<number>, count: number): number[] {
	const best: number[] = []; // few are wanted of many: each finds its place among the best so far
	for (let i = 0; i < values.length; i++) {
		const value = values[i];
		if (Number.isNaN(value)) continue;
		if (best.length >= count && !(value > values[best[count - 1]])) continue;
		let at = best.length;
		while (at > 0 && values[best[at - 1]] < value) at--;
		best.splice(at, 0, i);
		if (best.length > count) best.pop();
	}
	return best;
}
