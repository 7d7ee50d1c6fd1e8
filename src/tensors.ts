import { checkFinite } from "./finite";
import type { Tensor } from "./model";

/**
 * What a tensor holds at the indices given for its first axes, row-major: `at(cache["blocks.5.hook_resid_post"], 0, 3)`
 * is the vector of text 0 at position 3. A negative index counts from the end. A view: writing to it writes to the tensor.
 * Throws on more indices than axes, on an index that is out of range, and on a tensor whose data is not as its dims say.
 */
export function at({ data, dims }: Tensor, ...indices: number[]): Float32Array {
	checkDims(data, dims);
	if (indices.length > dims.length)
		throw new Error(
			`${indices.length} indices were given for a tensor of ${dims.length} axes [${dims.join(", ")}]: give at most ${dims.length}.`,
		);
	let [from, size] = [0, data.length];
	for (const [axis, index] of indices.entries()) {
		const length = dims[axis];
		if (!Number.isInteger(index) || index < -length || index >= length)
			throw new Error(
				`Index ${index} is out of range on axis ${axis} of a tensor [${dims.join(", ")}]: it has 0 to ${length - 1}.`,
			);
		size /= length;
		from += size * (index < 0 ? index + length : index);
	}
	return data.subarray(from, from + size);
}

/**
 * The length (L2 norm) of each vector along the last axis: [..., d] → [...]. A vector that is NaN throughout, as of
 * padding, has the length NaN. Throws where a vector has some numbers that are not finite, and on a tensor whose data is
 * not as its dims say.
 */
export function norms({ data, dims }: Tensor): Tensor {
	checkDims(data, dims);
	const d = dims[dims.length - 1] ?? 1;
	const lengths = new Float32Array(d > 0 ? data.length / d : 0);
	for (let row = 0; row < lengths.length; row++) {
		let sum = 0;
		for (let i = row * d; i < (row + 1) * d; i++) sum += data[i] * data[i];
		lengths[row] = Math.sqrt(sum);
		if (!Number.isFinite(sum)) checkVector(data, row, d);
	}
	return { data: lengths, dims: dims.slice(0, -1) };
}

function checkDims(data: Float32Array, dims: readonly number[]): void {
	let n = 1;
	for (const length of dims) {
		if (!Number.isSafeInteger(length) || length < 0)
			throw new Error(
				`A tensor has the dims [${dims.join(", ")}], where whole numbers were expected.`,
			);
		n *= length;
	}
	if (n !== data.length)
		throw new Error(
			`A tensor of the dims [${dims.join(", ")}] has ${n} numbers, and this one's data has ${data.length}.`,
		);
}

/** Throws unless all the numbers are NaN. */
function checkVector(data: Float32Array, row: number, d: number): void {
	const vector = data.subarray(row * d, (row + 1) * d);
	if (vector.every(Number.isNaN)) return;
	checkFinite(vector, d, "the tensor", { first: row });
}
