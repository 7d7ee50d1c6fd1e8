import { ownPosition } from "./batch";
import { hookShape, hookWidth, parseHook } from "./hooks";
import type {
	Decoder,
	HookName,
	Intervention,
	Tensor,
	TokenBatch,
} from "./types";

/** One change to the values at a hook, as the numbers that its graph is given. */
export type Stage =
	/** y = values, [batch, seq, d]: nothing before the hook is needed for what comes behind it. */
	| { type: "replace"; values: Tensor }
	/** y = x · multiply + add; each dimension is full, or 1 for "the same everywhere". */
	| { type: "affine"; multiply: Tensor; add: Tensor }
	/** y = x − gate · (x · w) w with w of length 1: [d, 1]; the gate is 0 or 1 for each position: [1 or batch, 1 or seq, 1]. */
	| { type: "project"; w: Tensor; gate: Tensor };

/** By hook: its changes, one after the other. */
export type Changes = Map<HookName, Stage[]>;

/**
 * Interventions as the changes of each hook, in the order given; neighbours fold into one stage where they can.
 * Throws where a hook cannot be changed, or where values, positions or units do not fit the batch.
 */
export function planChanges(
	model: Pick<Decoder, "info" | "hook_names">,
	tokens: TokenBatch,
	interventions: readonly Intervention[] = [],
): Changes {
	const changes: Changes = new Map();
	const runs = new Map<HookName, Intervention[][]>();
	for (const intervention of interventions) {
		const hook = parseHook(model, intervention.hook_name);
		check(widthOf(model, hook), tokens, intervention);
		const list = runs.get(hook) ?? [];
		const last = list.at(-1);
		const folds =
			intervention.type !== "project" && last?.[0].type !== "project";
		if (last && folds) last.push(intervention);
		else list.push([intervention]);
		runs.set(hook, list);
	}
	for (const [hook, list] of runs) {
		const width = widthOf(model, hook);
		changes.set(
			hook,
			list.map((run) => {
				const [first] = run;
				if (first.type === "project") return project(width, tokens, first);
				const whole = run.length === 1 && wholly(width, tokens, first);
				return whole || fold(width, tokens, run);
			}),
		);
	}
	return changes;
}

/** The stage of values that stand in for every one there was; at padding, which may be NaN, it is 0. */
function wholly(
	width: number,
	{ batch, seq, lengths }: TokenBatch,
	given: Intervention,
): Stage | undefined {
	if (given.type !== "replace" || given.positions || given.units)
		return undefined;
	if (given.values.length !== batch * seq * width) return undefined;
	let data = given.values;
	if (lengths.some((n) => n < seq)) {
		data = data.slice();
		for (const [text, n] of lengths.entries())
			data.fill(0, (text * seq + n) * width, (text + 1) * seq * width);
	}
	return { type: "replace", values: { data, dims: [batch, seq, width] } };
}

/** The part of the changes that belongs to the texts from number `from` up to `to` (exclusive) of their batch. */
export function changesOf(changes: Changes, from: number, to: number): Changes {
	const part = ({ data, dims }: Tensor): Tensor => {
		if (dims[0] === 1) return { data, dims }; // the same for every text
		const size = dims[1] * dims[2];
		const slice = data.subarray(from * size, to * size);
		return { data: slice, dims: [slice.length / size, dims[1], dims[2]] };
	};
	const stage = (s: Stage): Stage => {
		if (s.type === "project") return { ...s, gate: part(s.gate) };
		if (s.type === "replace") return { ...s, values: part(s.values) };
		return { type: "affine", multiply: part(s.multiply), add: part(s.add) };
	};
	return new Map([...changes].map(([hook, list]) => [hook, list.map(stage)]));
}

function widthOf({ info }: Pick<Decoder, "info">, hook: HookName): number {
	if (hookShape(hook) === "scale")
		throw new Error(
			`"${hook}" can be read but not changed; change "${hook.replace("scale", "normalized")}" instead.`,
		);
	return hookWidth(info, hook);
}

function project(
	width: number,
	tokens: TokenBatch,
	given: Extract<Intervention, { type: "project" }>,
): Stage {
	const { direction, positions } = given;
	const length = Math.hypot(...direction);
	const batch = differs(tokens, given) ? tokens.batch : 1;
	const seq = positions ? tokens.seq : 1;
	const gate = new Float32Array(batch * seq).fill(positions ? 0 : 1);
	for (let text = 0; positions && text < batch; text++)
		for (const position of placesOf(tokens, given, text))
			gate[text * seq + position] = 1;
	return {
		type: "project",
		w: { data: direction.map((v) => v / length), dims: [width, 1] },
		gate: { data: gate, dims: [batch, seq, 1] },
	};
}

/** Whether an intervention is at other places in some texts than in others. */
function differs({ lengths }: TokenBatch, { positions }: Intervention) {
	return (
		positions?.some((position) => position < 0) &&
		lengths.some((n) => n !== lengths[0])
	);
}

/** The positions of a text that an intervention changes, each once. */
function placesOf(
	tokens: TokenBatch,
	{ hook_name, positions }: Intervention,
	text: number,
): Set<number> {
	const asks = `The intervention at "${hook_name}"`;
	return new Set(
		positions
			? positions.map((position) => ownPosition(tokens, text, position, asks))
			: Array(tokens.seq).keys(),
	);
}

type Affine = Exclude<Intervention, { type: "project" }>;

function fold(
	width: number,
	tokens: TokenBatch,
	run: readonly Intervention[],
): Stage {
	const list = run.filter((i): i is Affine => i.type !== "project");
	const dims = smallestDims(width, tokens, list);
	const [batch, seq, d] = dims;
	const ownRows = batch === tokens.batch && seq === tokens.seq;
	const multiply = new Float32Array(batch * seq * d).fill(1);
	const add = new Float32Array(batch * seq * d);
	for (const intervention of list) {
		const units = intervention.units ?? Array.from(Array(d).keys());
		const wide = valueWidth(intervention, width);
		const everywhere =
			"values" in intervention && intervention.values.length === wide;
		for (let row = 0; row < batch; row++)
			for (const position of placesOf({ ...tokens, seq }, intervention, row)) {
				if (ownRows && position >= tokens.lengths[row]) continue; // padding, which may be NaN
				const at = (row * seq + position) * d;
				if (intervention.type === "scale") {
					for (const unit of new Set(units)) {
						multiply[at + unit] *= intervention.factor;
						add[at + unit] *= intervention.factor;
					}
					continue;
				}
				const from = everywhere ? 0 : (row * tokens.seq + position) * wide;
				const replace = intervention.type === "replace";
				const scale = replace ? 1 : (intervention.scale ?? 1);
				for (const [i, unit] of units.entries()) {
					if (replace) multiply[at + unit] = add[at + unit] = 0;
					add[at + unit] += scale * intervention.values[from + i];
				}
			}
	}
	return {
		type: "affine",
		multiply: { data: multiply, dims },
		add: { data: add, dims },
	};
}

/** 1 in each dimension along which nothing differs. */
function smallestDims(
	width: number,
	tokens: TokenBatch,
	list: readonly Affine[],
): [number, number, number] {
	const { batch, seq } = tokens;
	const full = list.some(
		(i) =>
			("values" in i && i.values.length !== valueWidth(i, width)) ||
			differs(tokens, i),
	);
	const perPosition = full || list.some((i) => i.positions);
	const perUnit = list.some((i) => i.type !== "scale" || i.units);
	return [full ? batch : 1, perPosition ? seq : 1, perUnit ? width : 1];
}

/** How many values there are for one token. */
export function valueWidth(given: Intervention, width: number): number {
	return "units" in given && given.units ? given.units.length : width;
}

function check(width: number, tokens: TokenBatch, given: Intervention): void {
	const { batch, seq, lengths } = tokens;
	const where = `The intervention at "${given.hook_name}"`;
	const finite = (name: string, value: number) => {
		if (!Number.isFinite(value))
			throw new Error(
				`${where} has the ${name} ${value}, where a finite number is needed.`,
			);
	};
	const outside = given.positions?.find(
		(n) => !Number.isInteger(n) || n < -seq || n >= seq,
	);
	if (outside !== undefined)
		throw new Error(
			`${where} asks for position ${outside}, but the positions are 0 to ${seq - 1}.`,
		);
	for (let text = 0; given.positions && text < batch; text++)
		placesOf(tokens, given, text);
	const units = "units" in given ? given.units : undefined;
	const unit = units?.find((n) => !Number.isInteger(n) || n < 0 || n >= width);
	if (unit !== undefined)
		throw new Error(
			`${where} asks for unit ${unit}, but the units are 0 to ${width - 1}.`,
		);
	if (given.type === "scale") {
		finite("factor", given.factor);
		return;
	}
	if (given.type === "project") {
		const { direction } = given;
		const length = Math.hypot(...direction);
		if (direction.length !== width || !(length > 0) || !Number.isFinite(length))
			throw new Error(
				`${where} projects out a direction of ${direction.length} values, where ${width} that are not all 0 are needed${Number.isFinite(length) ? "" : ", and finite"}.`,
			);
		return;
	}
	if (given.type === "add") finite("scale", given.scale ?? 1);
	const { values } = given;
	const { length } = values;
	if (units && new Set(units).size !== units.length)
		throw new Error(
			`${where} names a unit twice, so that which of two values it gets is not said.`,
		);
	const wide = valueWidth(given, width);
	if (length !== wide && length !== batch * seq * wide)
		throw new Error(
			`${where} has ${length} values, where ${wide} (the same for every token) or ${batch} × ${seq} × ${wide} (batch, position, unit) are needed.`,
		);
	const bad = (from: number, to: number) => {
		for (let i = from; i < to; i++) if (!Number.isFinite(values[i])) return i;
		return -1;
	};
	if (length === wide) {
		const unit = bad(0, wide);
		if (unit >= 0)
			finite(`value of unit ${units?.[unit] ?? unit}`, values[unit]);
		return;
	}
	for (let text = 0; text < batch; text++) {
		const places = given.positions
			? placesOf(tokens, given, text)
			: Array(lengths[text]).keys();
		for (const position of places) {
			const from = (text * seq + position) * wide;
			const at = bad(from, from + wide);
			if (at >= 0)
				throw new Error(
					`${where} has the value ${values[at]} for position ${position} of text ${text}, where a finite number is needed: what a run gives at padding is NaN, so the texts that the values are of have to be as long as those that are changed.`,
				);
		}
	}
}
