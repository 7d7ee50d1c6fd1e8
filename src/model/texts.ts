import type { HookName, Tensor, TokenBatch } from "./types";

/** The axes of a hook's values that run over positions. */
export function positionAxes(what: HookName | "logits"): number[] {
	return /attn\.hook_(pattern|attn_scores)$/.test(what) ? [2, 3] : [1];
}

/**
 * Values of several texts as a tensor that knows where each ends: what lies beyond becomes NaN, in place, so that nobody
 * takes padding for a value. `less`: how many positions fewer than tokens a text has.
 */
export function overTexts(
	{ data, dims }: Tensor,
	{ lengths, cut }: TokenBatch,
	axes = [1],
	less = 0,
): Tensor {
	const own = Int32Array.from(lengths, (n) => Math.max(0, n - less));
	const seq = dims[axes[0]];
	const product = (some: number[]) => some.reduce((a, b) => a * b, 1);
	const before = product(dims.slice(1, axes[0]));
	const inner = product(dims.slice(axes[0] + 1));
	for (const [text, n] of own.entries()) {
		if (n >= seq) continue;
		for (let part = 0; part < before; part++) {
			const from = (text * before + part) * seq * inner;
			data.fill(Number.NaN, from + n * inner, from + seq * inner);
			if (axes.length > 1)
				for (let query = 0; query < n; query++)
					data.fill(
						Number.NaN,
						from + query * seq + n,
						from + (query + 1) * seq,
					);
		}
	}
	return { data, dims, texts: { lengths: own, axes, ...(cut && { cut }) } };
}

/** What a run is refused with whose values are NaN or infinite. */
export class NotFinite extends Error {
	/** `where`: the text. */
	constructor(
		what: string,
		where: string,
		/** The text's number in the batch, and the first axis' position in it. */
		readonly text = 0,
		readonly position = 0,
	) {
		super(
			`The ${what} are NaN or infinite in ${where}, so the model's weights are broken or the text drives it out of range.`,
		);
	}
}

/**
 * Throws where a value of a text's own is NaN or infinite. `named`: how an error calls a text. Attention scores and logits
 * may be −Infinity, which means "never".
 */
export function checkFinite(
	what: string,
	{ data, dims, texts }: Tensor,
	named: (text: number) => string,
): void {
	const never = /hook_attn_scores"$|^logits$/.test(what);
	if (areFinite(data, never)) return;
	const size = data.length / dims[0];
	const axis = texts?.axes[0] ?? 1;
	const inner = dims.slice(axis + 1).reduce((a, b) => a * b, 1);
	for (let text = 0; text < dims[0]; text++) {
		const isOwn = texts ? ownPlaces(dims, texts, text) : () => true;
		for (let at = 0; at < size; at++) {
			const value = data[text * size + at];
			if (Number.isFinite(value) || !isOwn(at)) continue;
			if (never && value === Number.NEGATIVE_INFINITY) continue;
			const position = Math.floor(at / inner) % dims[axis];
			throw new NotFinite(what, named(text), text, position);
		}
	}
}

/** Whether all values are finite; with `never`, −Infinity is allowed. */
function areFinite(data: Float32Array, never: boolean): boolean {
	let sum = 0;
	if (never)
		for (let i = 0; i < data.length; i++)
			sum += data[i] === Number.NEGATIVE_INFINITY ? 0 : data[i] * 0;
	else for (let i = 0; i < data.length; i++) sum += data[i] * 0; // NaN where a value is not finite
	return sum === 0;
}

/** Tells whether the value at a place of a text is one of its own, no padding. */
function ownPlaces(
	dims: readonly number[],
	{ lengths, axes }: NonNullable<Tensor["texts"]>,
	text: number,
): (at: number) => boolean {
	const strides = axes.map((axis) =>
		dims.slice(axis + 1).reduce((a, b) => a * b, 1),
	);
	return (at) =>
		strides.every(
			(stride, i) => Math.floor(at / stride) % dims[axes[i]] < lengths[text],
		);
}
