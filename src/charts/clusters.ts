import type { Clustering } from "../cluster";
import { nearNames } from "../suggest";
import {
	type Chart,
	chart,
	clip,
	count,
	fixed,
	ink,
	palette,
	shapes,
	thin,
} from "./theme";

/**
 * Where the sentences lie: the pooled vectors along the two directions in which the cluster centres lie furthest apart,
 * coloured by cluster; point at one to read it. With `label`, one panel for each class of that label, so that one sees
 * which clusters a class falls into. At most 1,000 sentences are drawn, evenly spread.
 */
export function clusters(
	clustering: Clustering,
	options: { label?: string } = {},
): Chart {
	const { label } = options;
	const column = label === undefined ? undefined : columnOf(clustering, label);
	const all = Array.from(clustering.assignment, (_, i) => i);
	const values = thin(all, 1000).map((i) => ({
		x: round(clustering.projection[i][0]),
		y: round(clustering.projection[i][1]),
		cluster: clustering.assignment[i],
		text: clip(clustering.sentences.text[i] ?? "", 120),
		...(column && { class: clip(column[i] ?? "", 40) }),
	}));
	const shared = {
		data: { values },
		title: titleOf(clustering, label, values.length),
	};
	if (!column) {
		const of = clustering.k > 2 ? " of the centres" : "";
		const named = {
			layer: [points(clustering, 44, of), ...names],
			width: 560,
			height: 420,
		};
		return chart({ ...shared, ...named });
	}
	return chart({
		...shared,
		columns: 3,
		spacing: 18,
		facet: { field: "class", type: "nominal", title: null },
		spec: { width: 190, height: 160, ...points(clustering, 20) },
	});
}

function columnOf(clustering: Clustering, label: string): string[] {
	const labels = clustering.sentences.labels;
	if (labels[label]) return labels[label];
	const near = nearNames(label, Object.keys(labels)).join(", ");
	throw new Error(
		`The sentences have no label "${label}": choose one of theirs, such as ${near || "(they have none)"}.`,
	);
}

function points(clustering: Clustering, size: number, of = ""): object {
	const domain = clustering.sizes.map((_, i) => i);
	return {
		mark: { type: "point", filled: true, size, opacity: 0.6 },
		encoding: {
			x: axis("x", `first component${of}`),
			y: axis("y", `second component${of}`),
			color: {
				field: "cluster",
				type: "nominal",
				scale:
					domain.length > palette.length
						? { domain, scheme: "tableau20" }
						: { domain, range: palette },
				legend: { title: "cluster", symbolOpacity: 1 },
			},
			...(domain.length <= shapes.length && {
				shape: {
					field: "cluster",
					type: "nominal",
					scale: { domain, range: shapes },
					legend: { title: "cluster", symbolOpacity: 1 },
				},
			}),
			tooltip: [
				{ field: "cluster" },
				{ field: "class", title: "label" },
				{ field: "text", title: "sentence" },
			],
		},
	};
}

function axis(field: string, title: string): object {
	return {
		field,
		type: "quantitative",
		title,
		scale: { zero: false, nice: true },
		axis: { tickCount: 5 },
	};
}

/** The number of each cluster at its middle, dark on a white rim. */
const names = [
	{ stroke: ink.paper, strokeWidth: 4, fill: ink.paper },
	{ fill: ink.text },
].map((look) => ({
	mark: { type: "text", fontSize: 18, fontWeight: "bold", ...look },
	encoding: {
		x: { aggregate: "mean", field: "x", type: "quantitative" },
		y: { aggregate: "mean", field: "y", type: "quantitative" },
		detail: { field: "cluster" },
		text: { field: "cluster", type: "nominal" },
	},
}));

function titleOf(
	c: Clustering,
	label: string | undefined,
	shown: number,
): object {
	const drawn = shown < c.assignment.length ? ` (${count(shown)} drawn)` : "";
	const [best] = Object.entries(c.ari).sort(([, a], [, b]) => b - a);
	const [followed, ari] =
		label !== undefined ? [label, c.ari[label]] : (best ?? []);
	const name = clip(followed ?? "", 30);
	const index = ari === undefined ? "" : fixed(ari, 2);
	return {
		text:
			ari === undefined
				? `${c.k} clusters of sentences, silhouette ${fixed(c.silhouette, 2)}`
				: `${c.k} clusters ${ari > 0.1 ? "follow" : "do not follow"} ${name}: adjusted Rand index ${index}`,
		subtitle: `${count(c.assignment.length)} sentences${drawn}, silhouette ${fixed(c.silhouette, 2)}`,
	};
}

function round(x: number): number {
	return Number(x.toPrecision(4));
}
