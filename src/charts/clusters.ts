import type { Clustering } from "../cluster";
import { count, fixed, several } from "../say";
import { nearNames } from "../suggest";
import { byCluster, clusterNames, mapAxis } from "./by-cluster";
import { checkKind, known, sampleOf } from "./check";
import { type Chart, chart, clip, thin } from "./theme";

const size = { width: 560, height: 420 };

/**
 * Where the sentences lie: the pooled vectors along the two directions in which the cluster centres lie furthest apart,
 * coloured by cluster; point at one to read it. With `label`, one panel for each class of that label, so that one sees
 * which clusters a class falls into. At most `sample` sentences are drawn (default: 1,000), evenly spread.
 */
export function clusters(
	clustering: Clustering,
	options: { label?: string; sample?: number } = {},
): Chart {
	checkKind("clusters", clustering, "clusters", "cluster");
	const { label } = options;
	const sample = sampleOf("clusters", options.sample, 1000);
	const column = label === undefined ? undefined : columnOf(clustering, label);
	const all = Array.from(clustering.assignment, (_, i) => i);
	const values = thin(all, sample).map((i) => ({
		x: known(clustering.projection[i][0]),
		y: known(clustering.projection[i][1]),
		cluster: clustering.assignment[i],
		text: clip(clustering.sentences.text[i] ?? "", 120),
		...(column && { class: clip(column[i] ?? "", 40) }),
	}));
	const shared = {
		data: { values },
		title: {
			text: finding(clustering, label),
			subtitle: drawnOf(clustering, values.length),
		},
	};
	if (!column) {
		const of = clustering.k > 2 ? " of the centres" : "";
		const named = {
			...size,
			layer: [
				points(clustering, values.length > 400 ? 30 : 44, of),
				...clusterNames(
					{ map: clustering.projection, assignment: clustering.assignment },
					Array.from({ length: clustering.k }, (_, c) => String(c)),
					size,
					clustering.k > 12 ? 14 : 18,
				),
			],
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
	return {
		mark: { type: "point", filled: true, size, opacity: 0.6 },
		encoding: {
			x: mapAxis("x", `first component${of}`),
			y: mapAxis("y", `second component${of}`),
			...byCluster(clustering.k),
			tooltip: [
				{ field: "cluster" },
				{ field: "class", title: "label" },
				{ field: "text", title: "sentence" },
			],
		},
	};
}

/** What the clusters follow: `label`, by default the label that they agree with most. */
export function finding(c: Clustering, label?: string): string {
	const [followed, ari] = followedBy(c, label);
	if (c.k === 1)
		return `One cluster of ${several(c.assignment.length, "sentence")}`;
	const k = several(c.k, "cluster");
	if (followed === undefined || !Number.isFinite(ari))
		return `${k} of sentences, silhouette ${fixed(c.silhouette, 2)}`;
	const name = clip(followed, 30);
	return `${following(c, k, followed, name)}: adjusted Rand index ${fixed(ari, 2)}`;
}

/** Whether the clusters follow a label: an agreement that counts, and not by chance where that was tested. */
export function following(
	{ agreement, enrichment }: Clustering,
	clusters: string,
	label: string,
	name: string,
): string {
	const { ari } = agreement[label];
	if (ari <= 0.02) return `${clusters} do not follow ${name}`;
	if (ari <= 0.1) return `${clusters} hardly follow ${name}`;
	const tested = enrichment.filter((row) => row.label === label);
	return tested.length && !tested.some(isOverRepresented)
		? `${clusters} do not follow ${name} for sure`
		: `${clusters} follow ${name}`;
}

/** Corrected p-values below it are beyond chance. */
export const significant = 0.05;

/** Whether a cluster holds more of a class than chance. */
export function isOverRepresented({
	lift,
	p_value,
}: Clustering["enrichment"][number]): boolean {
	return lift > 1 && p_value < significant;
}

function followedBy(
	{ agreement }: Clustering,
	label?: string,
): [string | undefined, number] {
	if (label !== undefined) return [label, agreement[label]?.ari ?? Number.NaN];
	const [best] = Object.entries(agreement)
		.filter(([, { ari }]) => Number.isFinite(ari))
		.sort(([, a], [, b]) => b.ari - a.ari);
	return best ? [best[0], best[1].ari] : [undefined, Number.NaN];
}

/** How many sentences there are and are drawn, and the silhouette. */
export function drawnOf(c: Clustering, drawn: number): string {
	const n = c.assignment.length;
	const cut = drawn < n ? ` (${count(drawn)} drawn)` : "";
	const silhouette = Number.isFinite(c.silhouette)
		? `, silhouette ${fixed(c.silhouette, 2)}`
		: "";
	return `${several(n, "sentence")}${cut}${silhouette}`;
}
