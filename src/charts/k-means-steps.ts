import type { KMeansSteps } from "../cluster";
import { count, percent, readable, several } from "../say";
import { byCluster, mapAxis } from "./by-cluster";
import { checkKind, known } from "./check";
import { type Chart, chart, clip, ink, thin } from "./theme";

const most_points = 800;
const most_steps = 60;

/**
 * k-means at work: a slider steps from the first centres to the last; points have the colour of their cluster in that
 * step, crosses are the centres, and the lines behind them are the way they came. A picture shows the last step with the
 * whole way. At most 800 points and 60 steps are drawn, evenly spread.
 */
export function kMeansSteps(steps: KMeansSteps): Chart {
	checkKind("kMeansSteps", steps, "k-means-steps", "kMeansSteps");
	if (!steps.steps.length || !steps.points.length)
		throw new Error(
			"charts.kMeansSteps was given no steps: call kMeansSteps with sentences to cluster.",
		);
	const chosen = thin([...steps.steps.keys()], most_steps);
	const last = chosen.length - 1;
	const n = steps.points.length;
	const drawn = Math.min(n, most_points);
	return chart({
		title: {
			text: titleOf(steps),
			subtitle: `${drawn < n ? `${count(drawn)} of ` : ""}${several(n, "sentence")} in the plane that is drawn, k = ${steps.k}; ✕: centres and the way they came`,
		},
		params: [
			{
				name: "step",
				value: last,
				bind: { input: "range", min: 0, max: last, step: 1, name: "step " },
			},
		],
		width: 520,
		height: 400,
		layer: [
			dots(steps, chosen),
			...trails(steps, chosen),
			...caption(steps, chosen),
		],
	});
}

const place = {
	x: mapAxis("x", "first dimension"),
	y: mapAxis("y", "second dimension"),
};

/** Each point has its cluster of every step; the slider chooses one. */
function dots({ points, steps, k }: KMeansSteps, chosen: number[]): object {
	const values = thin([...points.keys()], most_points).map((i) => ({
		x: known(points[i].x),
		y: known(points[i].y),
		clusters: chosen.map((step) => steps[step].assignment[i]),
		text: clip(points[i].text, 120),
	}));
	return {
		data: { values },
		transform: [{ calculate: "datum.clusters[step]", as: "cluster" }],
		mark: {
			type: "point",
			filled: true,
			size: values.length > 400 ? 26 : 40,
			opacity: 0.55,
		},
		encoding: {
			...place,
			...byCluster(k),
			tooltip: [{ field: "cluster" }, { field: "text", title: "sentence" }],
		},
	};
}

/** Where the centres are in the step, and where they were before. */
function trails({ steps }: KMeansSteps, chosen: number[]): object[] {
	const values = chosen.flatMap((step, at) =>
		steps[step].centres.map(([x, y], cluster) => ({
			at,
			cluster,
			x: known(x),
			y: known(y),
		})),
	);
	const way = [
		{ color: ink.paper, strokeWidth: 5 },
		{ color: ink.text, strokeWidth: 2 },
	].map((look) => ({
		data: { values },
		transform: [{ filter: "datum.at <= step" }],
		mark: { type: "line", ...look },
		encoding: {
			...place,
			detail: { field: "cluster" },
			order: { field: "at", type: "quantitative" },
		},
	}));
	const crosses = [
		{ stroke: ink.paper, fill: ink.paper, strokeWidth: 5 },
		{ fill: ink.text, stroke: ink.text, strokeWidth: 1 },
	].map((look) => ({
		data: { values },
		transform: [{ filter: "datum.at === step" }],
		mark: {
			type: "point",
			shape: "cross",
			size: 170,
			angle: 45,
			opacity: 1,
			...look,
		},
		encoding: {
			...place,
			tooltip: [{ field: "cluster", title: "centre of cluster" }],
		},
	}));
	return [...way, ...crosses];
}

/** What happened in the step, at the top left. */
function caption({ steps }: KMeansSteps, chosen: number[]): object[] {
	const values = chosen.map((step, at) => ({
		at,
		text: `step ${step} of ${steps.length - 1}: ${step ? `${several(steps[step].moved, "sentence")} changed the cluster` : "the start"}, inertia ${readable(steps[step].inertia)}`,
	}));
	return [
		{
			data: { values },
			transform: [{ filter: "datum.at === step" }],
			mark: { type: "text", align: "left", baseline: "bottom", fontSize: 12 },
			encoding: {
				x: { value: 0 },
				y: { value: -4 },
				text: { field: "text" },
			},
		},
	];
}

function titleOf({ steps, converged }: KMeansSteps): string {
	const [first, last] = [steps[0], steps[steps.length - 1]];
	const n = steps.length - 1;
	const less = 1 - last.inertia / first.inertia;
	const way = `k-means ${converged ? "settles" : "has not settled"} after ${several(n, "step")}`;
	if (!(less > 0)) return way;
	return `${way}, with ${percent(less)} less inertia than at the start`;
}
