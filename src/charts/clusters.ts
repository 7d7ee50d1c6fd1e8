import type { Clustering } from "../cluster";
import { nearNames } from "../suggest";
import { type Chart, chart, clip, count, palette, thin } from "./theme";

/**
 * Where the sentences lie: the pooled vectors along the two directions in which the cluster centres lie furthest apart,
 * coloured by cluster; point at one to read it. With `label`, one panel for each class of that label, so that one sees
 * which clusters a class falls into. At most 2,000 sentences are drawn, evenly spread.
 */
export function clusters(
	clustering: Clustering,
	options: { label?: string } = {},
): Chart {
	const { label } = options;
	const column = label === undefined ? undefined : columnOf(clustering, label);
	const all = Array.from(clustering.assignment, (_, i) => i);
	const values = thin(all, 2000).map((i) => ({
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
		mark: { type: "circle", size, opacity: 0.6, strokeWidth: 0 },
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
	{ stroke: "white", strokeWidth: 4, fill: "white" },
	{ fill: "#24292f" },
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
	const agreement =
		label !== undefined && c.ari[label] !== undefined
			? `, adjusted Rand index with ${clip(label, 30)} ${c.ari[label].toFixed(2)}`
			: "";
	return {
		text:
			label === undefined
				? `${c.k} clusters of sentences`
				: `${c.k} clusters, by ${clip(label, 30)}`,
		subtitle: `${count(c.assignment.length)} sentences${drawn}, silhouette ${c.silhouette.toFixed(2)}${agreement}`,
	};
}

function round(x: number): number {
	return Number(x.toPrecision(4));
}
