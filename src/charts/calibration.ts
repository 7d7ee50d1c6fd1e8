import {
	type Calibration,
	type ProbeResult,
	type ProbeScore,
	wilsonInterval,
} from "../probe";
import { fixed } from "../say";
import { known, listOf } from "./check";
import { namesOf, settingsOf, worthOf } from "./probe";
import { inputs } from "./score-bars";
import { own_legends, seriesColor, seriesShape } from "./series";
import {
	type Chart,
	type Color,
	chart,
	clip,
	clipAll,
	ink,
	palette,
} from "./theme";

const most_series = 6;

/** One line: a probe's bins. */
interface Series {
	name: string;
	color: Color;
	calibration: Calibration;
	/** How many texts a test row is worth: 1, less where rows are tokens or copies. */
	worth: number;
}

/**
 * Whether a probe is as sure as it is right: the share of right predictions by the probability that was given to them, in
 * ten bins with 95 % Wilson intervals (rows of one text counting as one), beside the diagonal of perfect calibration; below, how many predictions each bin holds. The title gives the
 * expected calibration error (ECE). Of one result of `probe`: latents and activations; of several (at most six are
 * drawn): latents where there are such, else activations.
 */
export function calibration(results: ProbeResult | ProbeResult[]): Chart {
	const list = listOf("calibration", results, "probe", "probe");
	const all = list.length === 1 ? ofOne(list[0]) : ofSeveral(list);
	if (!all.length)
		throw new Error(
			"charts.calibration was given no probe with probabilities: use the default solver.",
		);
	const series = all.slice(0, most_series);
	const cut =
		series.length < all.length
			? `the first ${series.length} of ${all.length}; `
			: "";
	return chart({
		title: {
			text: titleOf(series),
			subtitle: `${cut}${settingsOf(list)}`,
		},
		spacing: 12,
		resolve: own_legends,
		vconcat: [diagram(series), counts(series)],
	});
}

function ofOne(result: ProbeResult): Series[] {
	return inputs.flatMap(({ key, name, color }) => {
		const drawn = key === "latents" || key === "activations";
		return drawn ? seriesOf(name, color, result, result[key]) : [];
	});
}

function ofSeveral(list: ProbeResult[]): Series[] {
	const names = clipAll(namesOf(list), 32);
	return list.flatMap((result, i) => {
		const color = palette[i % palette.length];
		const score = result.latents ?? result.activations;
		return seriesOf(names[i], color, result, score);
	});
}

function seriesOf(
	name: string,
	color: Color,
	result: ProbeResult,
	score?: ProbeScore,
): Series[] {
	const { calibration } = score ?? {};
	if (!calibration?.bins.length) return [];
	return [{ name, color, calibration, worth: worthOf(result) }];
}

function colored(series: Series[], legend: object | null): object {
	return seriesColor(
		"series",
		series.map(({ name }) => name),
		legend,
		series.map(({ color }) => color),
	);
}

function diagram(series: Series[]): object {
	const values = series.flatMap(({ name, calibration, worth }) =>
		calibration.bins.map(({ confidence, accuracy, n }) => {
			const [low, high] = wilsonInterval(accuracy * n * worth, n * worth);
			return {
				series: name,
				confidence: known(confidence),
				accuracy: known(accuracy),
				low: known(low),
				high: known(high),
				n,
			};
		}),
	);
	const axis = (field: string, title: string | null) => ({
		field,
		type: "quantitative",
		title,
		scale: { domain: [0, 1] },
		axis: { format: ".0%", tickCount: 5, labels: title !== null },
	});
	const place = {
		x: axis("confidence", null),
		y: axis("accuracy", "share that is right (line: 95% interval)"),
	};
	const legend =
		series.length > 1
			? { title: null, orient: "top", columns: 3, symbolOpacity: 1 }
			: null;
	return {
		width: 420,
		height: 300,
		encoding: { color: colored(series, legend) },
		layer: [
			{
				data: { values: [0, 1].map((x) => ({ confidence: x, accuracy: x })) },
				mark: { type: "line", strokeDash: [5, 4], strokeWidth: 1.5 },
				encoding: { ...place, color: { value: ink.axis } },
			},
			{
				data: { values },
				mark: { type: "rule", strokeWidth: 1.5, opacity: 0.5 },
				encoding: {
					x: place.x,
					y: { ...place.y, field: "low" },
					y2: { field: "high" },
				},
			},
			{
				data: { values },
				mark: { type: "line", strokeWidth: 2 },
				encoding: place,
			},
			{
				data: { values },
				mark: { type: "point", filled: true, size: 70, opacity: 1 },
				encoding: {
					...place,
					shape: seriesShape(
						"series",
						series.map(({ name }) => name),
						legend,
					),
					tooltip: [
						{ field: "series" },
						{ field: "confidence", title: "mean probability", format: ".1%" },
						{ field: "accuracy", title: "share right", format: ".1%" },
						{ field: "low", title: "from", format: ".1%" },
						{ field: "high", title: "to", format: ".1%" },
						{ field: "n", title: "predictions", format: "," },
					],
				},
			},
		],
	};
}

/** Bars of the bins' sizes, those of several series side by side. */
function counts(series: Series[]): object {
	const room = 0.084 / series.length;
	const values = series.flatMap(({ name, calibration }, i) =>
		calibration.bins.map(({ confidence, n }) => {
			const bin = Math.min(9, Math.max(0, Math.floor(10 * confidence)));
			const from = Number((bin / 10 + 0.008 + i * room).toFixed(4));
			const to = Number((from + room).toFixed(4));
			return { series: name, from, to, n };
		}),
	);
	return {
		data: { values },
		width: 420,
		height: 80,
		mark: { type: "rect" },
		encoding: {
			x: {
				field: "from",
				type: "quantitative",
				title: "probability given to the predicted class",
				scale: { domain: [0, 1] },
				axis: { format: ".0%", tickCount: 5 },
			},
			x2: { field: "to" },
			y: {
				field: "n",
				type: "quantitative",
				title: "predictions",
				axis: { tickCount: 3, format: "~s" },
			},
			y2: { datum: 0 },
			color: colored(series, null),
			tooltip: [
				{ field: "series" },
				{ field: "n", title: "predictions", format: "," },
			],
		},
	};
}

/** What the accuracy's interval leaves open is not said. */
function titleOf(series: Series[]): string {
	const each = series
		.slice(0, 3)
		.map(
			({ name, calibration }) =>
				`${fixed(calibration.ece, 3)} (${clip(name, 20)})`,
		);
	const more = series.length > 3 ? `, and ${series.length - 3} more` : "";
	const of = series.map(surenessOf);
	const one = series.length === 1;
	const are = one ? "The probe is" : "The probes are";
	const they = one ? "it is" : "they are";
	const way =
		series.every(({ calibration }) => calibration.ece < 0.02) &&
		of.every(({ low, high }) => high - low < 0.2)
			? `${are} about as sure as ${they} right`
			: of.every(({ sure, high }) => sure > high)
				? `${are} surer than ${they} right`
				: of.every(({ sure, low }) => sure < low)
					? `${are} less sure than ${they} right`
					: `How sure the ${one ? "probe is" : "probes are"}`;
	return `${way}: ECE ${each.join(", ")}${more}`;
}

/** How sure the predictions are on average, and the 95 % interval of the share that is right. */
function surenessOf({ calibration: { bins }, worth }: Series) {
	const n = bins.reduce((sum, bin) => sum + bin.n, 0);
	const mean = (of: (bin: Calibration["bins"][number]) => number) =>
		bins.reduce((sum, bin) => sum + bin.n * of(bin), 0) / n;
	const texts = n * worth;
	const right = mean((bin) => bin.accuracy);
	const [low, high] = wilsonInterval(texts * right, texts);
	return { sure: mean((bin) => bin.confidence), low, high };
}
