/** The positions of the `count` largest values, largest first; equal values in their order, NaN never. */
export function topIndices(values: ArrayLike<number>, count: number): number[] {
	return Array.from(values, (_, i) => i)
		.filter((i) => !Number.isNaN(values[i]))
		.sort((a, b) => values[b] - values[a] || a - b)
		.slice(0, count);
}
