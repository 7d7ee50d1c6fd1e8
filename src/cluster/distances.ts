import { type Matrix, squaredLengths } from "../activations";

/** Distance of each row to the centre of its own cluster. */
export function distancesToOwn(
	x: Matrix,
	assignment: Uint32Array,
	centres: Float32Array,
): Float64Array {
	return squaredDistances(x, squaredLengths(x), assignment, centres).map(
		Math.sqrt,
	);
}

/** Of each row to the centre of its own cluster, in 64 bits. */
export function squaredDistances(
	x: Matrix,
	lengths: Float64Array,
	assignment: Uint32Array,
	centres: Float32Array,
): Float64Array {
	const d = x.columns;
	if (x.kind === "dense")
		return Float64Array.from(assignment, (c, i) => {
			let sum = 0;
			for (let j = 0, at = i * d, of = c * d; j < d; j++, at++, of++)
				sum += (x.data[at] - centres[of]) ** 2;
			return sum;
		});
	const squares = new Float64Array(centres.length / d);
	for (let c = 0; c < squares.length; c++)
		for (let at = c * d; at < (c + 1) * d; at++)
			squares[c] += centres[at] * centres[at];
	return Float64Array.from(assignment, (c, i) => {
		let dot = 0;
		for (let p = x.indptr[i]; p < x.indptr[i + 1]; p++)
			dot += x.values[p] * centres[c * d + x.indices[p]];
		return Math.max(0, lengths[i] - 2 * dot + squares[c]);
	});
}
