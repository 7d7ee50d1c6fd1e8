import { hookWidth, parseHook } from "./hooks";
import type {
	HookName,
	Intervention,
	ModelInfo,
	Tensor,
	TokenBatch,
} from "./types";

/** The interventions at one hook as y = x · multiply + add; each dimension is full, or 1 for "the same everywhere". */
export interface Affine {
	multiply: Tensor;
	add: Tensor;
}

/**
 * Folds interventions into one multiplication and one addition per hook, in the order given.
 * Throws where a hook cannot be changed, or where values, positions or units do not fit the batch.
 */
export function foldInterventions(
	info: ModelInfo,
	tokens: TokenBatch,
	interventions: readonly Intervention[] = [],
): Map<HookName, Affine> {
	const byHook = new Map<HookName, Intervention[]>();
	for (const intervention of interventions) {
		const hook = parseHook(info, intervention.hook_name);
		byHook.set(hook, [...(byHook.get(hook) ?? []), intervention]);
	}
	const folded = new Map<HookName, Affine>();
	for (const [hook, list] of byHook)
		folded.set(hook, fold(hookWidth(info, hook), tokens, list));
	return folded;
}

/** The part of the changes that belongs to the texts from number `from` up to `to` (exclusive) of their batch. */
export function changesOf(
	changes: Map<HookName, Affine>,
	from: number,
	to: number,
): Map<HookName, Affine> {
	const part = ({ data, dims }: Tensor): Tensor => {
		if (dims[0] === 1) return { data, dims }; // the same for every text
		const size = dims[1] * dims[2];
		const slice = data.subarray(from * size, to * size);
		return { data: slice, dims: [slice.length / size, dims[1], dims[2]] };
	};
	return new Map(
		[...changes].map(([hook, { multiply, add }]) => [
			hook,
			{ multiply: part(multiply), add: part(add) },
		]),
	);
}

function fold(
	width: number,
	tokens: TokenBatch,
	list: readonly Intervention[],
): Affine {
	for (const intervention of list) check(width, tokens, intervention);
	const dims = smallestDims(width, tokens, list);
	const [batch, seq, d] = dims;
	const multiply = new Float32Array(batch * seq * d).fill(1);
	const add = new Float32Array(batch * seq * d);
	for (const intervention of list) {
		const values = "values" in intervention ? intervention.values : undefined;
		const everywhere = values?.length === width;
		for (const position of chosen(intervention.positions, seq))
			for (let row = 0; row < batch; row++) {
				const at = (row * seq + position) * d;
				if (intervention.type === "scale") {
					for (const unit of chosen(intervention.units, d)) {
						multiply[at + unit] *= intervention.factor;
						add[at + unit] *= intervention.factor;
					}
					continue;
				}
				const from = everywhere ? 0 : (row * tokens.seq + position) * width;
				const replace = intervention.type === "replace";
				const scale = replace ? 1 : (intervention.scale ?? 1);
				for (let unit = 0; unit < d; unit++) {
					if (replace) multiply[at + unit] = add[at + unit] = 0;
					add[at + unit] += scale * intervention.values[from + unit];
				}
			}
	}
	return { multiply: { data: multiply, dims }, add: { data: add, dims } };
}

/** The numbers given, or every one below `length`. */
function chosen(given: readonly number[] | undefined, length: number) {
	return given ?? Array.from({ length }, (_, i) => i);
}

/** 1 in each dimension along which nothing differs. */
function smallestDims(
	width: number,
	{ batch, seq }: TokenBatch,
	list: readonly Intervention[],
): [number, number, number] {
	const full = list.some((i) => "values" in i && i.values.length !== width);
	const perPosition = full || list.some((i) => i.positions);
	const perUnit = list.some((i) => i.type !== "scale" || i.units);
	return [full ? batch : 1, perPosition ? seq : 1, perUnit ? width : 1];
}

function check(width: number, tokens: TokenBatch, given: Intervention): void {
	const { batch, seq } = tokens;
	const where = `The intervention at "${given.hook_name}"`;
	const outside = (list: readonly number[] | undefined, size: number) =>
		list?.find((n) => !Number.isInteger(n) || n < 0 || n >= size);
	const position = outside(given.positions, seq);
	if (position !== undefined)
		throw new Error(
			`${where} asks for position ${position}, but the positions are 0 to ${seq - 1}.`,
		);
	if (given.type === "scale") {
		const unit = outside(given.units, width);
		if (unit !== undefined)
			throw new Error(
				`${where} asks for unit ${unit}, but the units are 0 to ${width - 1}.`,
			);
		return;
	}
	const { length } = given.values;
	if (length !== width && length !== batch * seq * width)
		throw new Error(
			`${where} has ${length} values, where ${width} (the same for every token) or ${batch} × ${seq} × ${width} (batch, position, unit) are needed.`,
		);
}
