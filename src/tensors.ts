import type { Tensor } from "./model";

/**
 * What a tensor holds at the indices given for its first axes, row-major: `at(cache["blocks.5.hook_resid_post"], 0, 3)`
 * is the vector of text 0 at position 3. A negative index counts from the end. A view: writing to it writes to the tensor.
 * Throws on more indices than axes, and on an index that is out of range.
 */
export function at({ data, dims }: Tensor, ...indices: number[]): Float32Array {
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

/** The length (L2 norm) of each vector along the last axis: [..., d] → [...]. */
export function norms({ data, dims }: Tensor): Tensor {
	const d = dims[dims.length - 1] ?? 1;
	const lengths = new Float32Array(d > 0 ? data.length / d : 0);
	for (let row = 0; row < lengths.length; row++) {
		let sum = 0;
		for (let i = row * d; i < (row + 1) * d; i++) sum += data[i] * data[i];
		lengths[row] = Math.sqrt(sum);
	}
	return { data: lengths, dims: dims.slice(0, -1) };
}
