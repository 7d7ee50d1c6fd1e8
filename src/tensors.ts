import { checkFinite } from "./finite";
import type { Tensor } from "./model";

/**
 * What a tensor holds at the indices given for its first axes, row-major: `at(cache["blocks.5.hook_resid_post"], 0, 3)`
 * is the vector of text 0 at position 3. A negative index counts from the end: that of a position from the text's own,
 * whatever stands beside it. Where positions are the next axis (and the last such), only the text's own are given:
 * `at(cache["blocks.5.hook_resid_post"], 0)` is [length, d]. A view: writing to it writes to the tensor.
 * Throws on more indices than axes, on an index that is out of range or beyond the text's end, on one from the end of a
 * text that was cut, and on a tensor whose data is not as its dims say.
 */
export function at(tensor: Tensor, ...indices: number[]): Float32Array {
	const { data, dims, texts } = tensor;
	checkDims(data, dims);
	if (indices.length > dims.length)
		throw new Error(
			`${indices.length} indices were given for a tensor of ${dims.length} axes [${dims.join(", ")}]: give at most ${dims.length}.`,
		);
	let [from, size, text] = [0, data.length, 0];
	for (const [axis, index] of indices.entries()) {
		const placed = texts?.axes.includes(axis) ? texts : undefined;
		const length = placed ? placed.lengths[text] : dims[axis];
		if (!Number.isInteger(index) || index < -length || index >= length)
			throw new Error(
				`Index ${index} is out of range on axis ${axis} of a tensor [${dims.join(", ")}]: ${placed ? `text ${text}` : "it"} has ${length > 0 ? `0 to ${length - 1}` : "none"}.`,
			);
		if (index < 0 && placed?.cut?.[text])
			throw new Error(
				`Index ${index} on axis ${axis} counts from the end of text ${text}, of which ${placed.cut[text]} tokens were cut: count from its beginning, or run a shorter text.`,
			);
		const place = index < 0 ? index + length : index;
		if (axis === 0) text = place;
		size /= dims[axis];
		from += size * place;
	}
	const next = indices.length;
	if (next > 0 && texts?.axes.at(-1) === next)
		size = (size / dims[next]) * texts.lengths[text];
	return data.subarray(from, from + size);
}

/**
 * The length (L2 norm) of each vector along the last axis: [..., d] → [...]; NaN at padding, whose vectors are NaN
 * throughout. Throws where a vector has some numbers that are not finite, and on a tensor whose data is not as its dims
 * say.
 */
export function norms({ data, dims, texts }: Tensor): Tensor {
	checkDims(data, dims);
	const last = dims.length - 1;
	const d = dims[last] ?? 1;
	const lengths = new Float32Array(d > 0 ? data.length / d : 0);
	const rows = lengths.length / (dims[0] || 1); // of each text
	for (let row = 0; row < lengths.length; row++) {
		const own = texts?.axes.includes(last)
			? texts.lengths[Math.floor(row / rows)]
			: d;
		let sum = 0;
		for (let i = row * d; i < row * d + own; i++) sum += data[i] * data[i];
		lengths[row] = Math.sqrt(sum);
		if (!Number.isFinite(sum)) checkVector(data, row, d, own);
	}
	const axes = texts?.axes.filter((axis) => axis < last) ?? [];
	return {
		data: lengths,
		dims: dims.slice(0, -1),
		...(texts && axes.length > 0 && { texts: { ...texts, axes } }),
	};
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
function checkVector(
	data: Float32Array,
	row: number,
	d: number,
	own: number,
): void {
	const vector = data.subarray(row * d, row * d + own);
	if (vector.every(Number.isNaN)) return;
	checkFinite(vector, d, "the tensor", { first: row });
}
