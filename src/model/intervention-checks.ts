import { ownPosition } from "./batch";
import type { Intervention, TokenBatch } from "./types";

/** The positions of a text that an intervention changes, each once. */
export function placesOf(
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

/** How many values there are for one token. */
export function valueWidth(given: Intervention, width: number): number {
	return "units" in given && given.units ? given.units.length : width;
}

/** Throws where values, positions or units do not fit the batch or the hook's width. */
export function check(
	width: number,
	tokens: TokenBatch,
	given: Intervention,
): void {
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
