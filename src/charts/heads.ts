import { readable, several, winner } from "../say";
import { type Chart, chart, heat, ink, on_pale } from "./theme";

/**
 * One number for each attention head: one row a layer, one column a head, blue above 0 and, where there are such, orange
 * below.
 *
 * `values`: [layer][head], at most 48 × 32. `value`: what the numbers are, with their unit. `title`: what is seen.
 */
export function heads(
	values: ArrayLike<number>[],
	options: { value: string; title?: string },
): Chart {
	const cells = values.slice(0, 48).flatMap((row, layer) =>
		Array.from(row)
			.slice(0, 32)
			.map((value, head) => ({
				layer,
				head,
				value: Number.isFinite(value) ? Number(value.toPrecision(4)) : null,
			})),
	);
	if (!cells.length)
		throw new Error("charts.heads was given no numbers: give [layer][head].");
	const widest =
		cells.reduce(
			(most, { value }) => Math.max(most, Math.abs(value ?? 0)),
			0,
		) || 1;
	const diverging = cells.some(({ value }) => (value ?? 0) < 0);
	const scale = diverging
		? {
				scheme: "blueorange",
				domain: [-widest, widest],
				domainMid: 0,
				reverse: true,
			}
		: { range: heat, domain: [0, widest] };
	const format = widest >= 100 ? ".3~s" : widest >= 0.095 ? ".2f" : ".1e";
	const axis = {
		ticks: false,
		domain: false,
		labelColor: ink.text,
		labelAngle: 0,
	};
	return chart({
		title: {
			text:
				options.title ??
				furthest(
					values.slice(0, 48).map((row) => Array.from(row).slice(0, 32)),
				),
			subtitle: [options.value, cutOf(values)].filter(Boolean).join("; "),
		},
		data: { values: cells },
		width: { step: 44 },
		height: { step: 26 },
		encoding: {
			x: { field: "head", type: "ordinal", title: "head", axis },
			y: { field: "layer", type: "ordinal", title: "layer", axis },
		},
		layer: [
			{
				mark: { type: "rect", stroke: ink.paper, strokeWidth: 1 },
				encoding: {
					color: {
						field: "value",
						type: "quantitative",
						scale,
						legend: { title: null, tickCount: 5, format },
					},
					tooltip: [
						{ field: "layer" },
						{ field: "head" },
						{ field: "value", title: options.value, format: ".4~g" },
					],
				},
			},
			{
				mark: { type: "text", fontSize: 11 },
				encoding: {
					text: { field: "value", type: "quantitative", format },
					color: {
						condition: {
							test: `abs(datum.value) > ${0.6 * widest}`,
							value: "white",
						},
						value: diverging ? on_pale : ink.text,
					},
				},
			},
		],
	});
}

/** The head whose number is furthest from 0; of equal ones how many they are. */
function furthest(values: number[][]): string {
	const known = values.flatMap((row, layer) =>
		row
			.map((number, head) => ({ layer, head, number, value: Math.abs(number) }))
			.filter(({ value }) => Number.isFinite(value)),
	);
	if (!known.length) return "No number of a head is known";
	const found = winner(known, (cell) => cell);
	if (found)
		return `Head ${found.head} of layer ${found.layer} is furthest from 0: ${readable(found.number)}`;
	const top = known.reduce((a, b) => Math.max(a, b.value), 0);
	const alike = known.filter(({ value }) => value === top).length;
	if (!top) return "Every number of a head that is known is 0";
	return alike === 1
		? `Head ${known[0].head} of layer ${known[0].layer}: ${readable(known[0].number)}`
		: `${alike} of ${several(known.length, "head")} are equally far from 0: ${readable(top)}`;
}

/** What is left out. */
function cutOf(values: ArrayLike<number>[]): string {
	const heads = values.reduce((a, row) => Math.max(a, row.length), 0);
	return [
		values.length > 48 && `the first 48 of ${values.length} layers`,
		heads > 32 && `the first 32 of ${heads} heads`,
	]
		.filter(Boolean)
		.join(", ");
}
