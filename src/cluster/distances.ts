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

/** Squared distance of two rows from their differences. */
export function squareBetween(x: Matrix, i: number, j: number): number {
	let sum = 0;
	if (x.kind === "dense") {
		const d = x.columns;
		for (let c = 0; c < d; c++)
			sum += (x.data[i * d + c] - x.data[j * d + c]) ** 2;
		return sum;
	}
	let p = x.indptr[i];
	let q = x.indptr[j];
	const [endP, endQ] = [x.indptr[i + 1], x.indptr[j + 1]];
	while (p < endP || q < endQ) {
		const a = p < endP ? x.indices[p] : x.columns;
		const b = q < endQ ? x.indices[q] : x.columns;
		const left = a <= b ? x.values[p++] : 0;
		const right = b <= a ? x.values[q++] : 0;
		sum += (left - right) ** 2;
	}
	return sum;
}
