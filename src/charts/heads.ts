import { type Chart, chart, heat, ink, on_pale, readable } from "./theme";

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
				value: Number(value.toPrecision(4)),
			})),
	);
	if (!cells.length)
		throw new Error("charts.heads was given no numbers: give [layer][head].");
	const size = (v: number) => (Number.isFinite(v) ? Math.abs(v) : 0);
	const most = cells.reduce((a, b) => (size(b.value) > size(a.value) ? b : a));
	const widest = size(most.value) || 1;
	const diverging = cells.some(({ value }) => value < 0);
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
				`Head ${most.head} of layer ${most.layer} stands out: ${readable(most.value)}`,
			subtitle: options.value,
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
