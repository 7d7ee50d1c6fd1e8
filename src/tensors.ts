import type { Tensor } from "./model";

/**
 * What a tensor holds at the indices given for its first axes, row-major: `at(cache["blocks.5.hook_resid_post"], 0, 3)`
 * is the vector of text 0 at position 3. A negative index counts from the end: that of a position from the text's own,
 * whatever stands beside it. Where positions are the next axis (and the last such), only the text's own are given:
 * `at(cache["blocks.5.hook_resid_post"], 0)` is [length, d]. A view: writing to it writes to the tensor.
 * Throws on more indices than axes, on an index that is out of range or beyond the text's end, and on one from the end of
 * a text that was cut.
 */
export function at(tensor: Tensor, ...indices: number[]): Float32Array {
	const { data, dims, texts } = tensor;
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

/** The length (L2 norm) of each vector along the last axis: [..., d] → [...]; NaN at padding. */
export function norms({ data, dims, texts }: Tensor): Tensor {
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
	}
	const axes = texts?.axes.filter((axis) => axis < last) ?? [];
	return {
		data: lengths,
		dims: dims.slice(0, -1),
		...(texts && axes.length > 0 && { texts: { ...texts, axes } }),
	};
}
