import type { Clustering } from "../cluster";
import { count, readable, several } from "../say";
import { nearNames } from "../suggest";
import { checkKind, known } from "./check";
import { isOverRepresented, significant } from "./clusters";
import { type Chart, chart, clip, clipAll, ink, on_pale } from "./theme";

const most_classes = 50;
const most_clusters = 30;

/** Lifts beyond 8 and below 1/8 are as deep as these. */
const deepest = 3;

type Row = Clustering["enrichment"][number];

/**
 * Which classes the clusters hold more and less of than chance: one row a class, one column a cluster, the number and the
 * colour the lift (the class's share in the cluster over its share among all; blue above 1, orange below). A dot marks
 * what is over-represented with a corrected p-value below 0.05.
 *
 * `label`: the factor; default: the one that the clusters agree with most. At most 50 classes are drawn, those that stand
 * out most, and 30 clusters.
 */
export function enrichment(
	clustering: Clustering,
	options: { label?: string } = {},
): Chart {
	checkKind("enrichment", clustering, "clusters", "cluster");
	const label = options.label ?? closest(clustering);
	const rows = clustering.enrichment.filter((row) => row.label === label);
	if (label === undefined || !rows.length)
		throw new Error(noLabel(clustering, label));
	const shown = outstanding(rows);
	const names = clipAll(shown, 36);
	const nameOf = new Map(shown.map((name, i) => [name, names[i]]));
	const k = Math.min(clustering.k, most_clusters);
	const values = rows
		.filter((row) => nameOf.has(row.class) && row.cluster < k)
		.map((row) => cell(row, nameOf.get(row.class) ?? ""));
	return chart({
		title: {
			text: titleOf(clustering, label, rows),
			subtitle: subtitleOf(clustering, rows, shown.length, k),
		},
		data: { values },
		width: { step: k > 20 ? 24 : k > 16 ? 30 : k > 8 ? 40 : 54 },
		height: { step: shown.length > 25 ? 15 : 24 },
		encoding: {
			x: {
				field: "cluster",
				type: "ordinal",
				title: "cluster",
				axis: { ...quiet, labelAngle: 0 },
			},
			y: {
				field: "class",
				type: "nominal",
				sort: names,
				title: clip(label, 40),
				axis: quiet,
			},
		},
		layer: [area, numbers(shown.length > 25 || k > 16 ? 9 : 11)],
	});
}

const quiet = { ticks: false, domain: false, labelColor: ink.text };

const area = {
	mark: { type: "rect", stroke: ink.paper, strokeWidth: 1 },
	encoding: {
		color: {
			field: "depth",
			type: "quantitative",
			scale: {
				scheme: "blueorange",
				domain: [-deepest, deepest],
				domainMid: 0,
				reverse: true,
			},
			legend: {
				title: ["lift", "(log scale)"],
				values: [-3, -2, -1, 0, 1, 2, 3],
				labelExpr:
					"datum.value < 0 ? '1/' + pow(2, -datum.value) : pow(2, datum.value)",
			},
		},
		tooltip: [
			{ field: "class" },
			{ field: "cluster" },
			{ field: "n", title: "sentences", format: "," },
			{ field: "inside", title: "share inside", format: ".1%" },
			{ field: "overall", title: "share of all", format: ".1%" },
			{ field: "lift", format: ".3~g" },
			{ field: "p_value", title: "p (corrected)", format: ".2~g" },
		],
	},
};

function numbers(fontSize: number): object {
	return {
		mark: { type: "text", fontSize },
		encoding: {
			text: { field: "text" },
			color: {
				condition: { test: "abs(datum.depth) > 2", value: "white" },
				value: on_pale,
			},
		},
	};
}

function cell(row: Row, name: string) {
	const depth = row.lift > 0 ? Math.log2(row.lift) : -Infinity;
	const lift = row.lift >= 9.95 ? row.lift.toFixed(0) : row.lift.toFixed(1);
	return {
		class: name,
		cluster: row.cluster,
		n: row.n,
		inside: known(row.inside),
		overall: known(row.overall),
		lift: known(row.lift),
		p_value: known(row.p_value),
		depth: known(Math.max(-deepest, Math.min(deepest, depth || 0))),
		text: Number.isFinite(row.lift)
			? `${lift}${isOverRepresented(row) ? "•" : ""}`
			: "",
	};
}

/** The label that the clusters agree with most. */
function closest({ agreement, enrichment }: Clustering): string | undefined {
	const labels = [...new Set(enrichment.map(({ label }) => label))];
	const ari = (label: string) => agreement[label]?.ari ?? -1;
	return labels.sort((a, b) => ari(b) - ari(a))[0];
}

/** The classes that stand out most somewhere, those of the first clusters first. */
function outstanding(rows: Row[]): string[] {
	const best = new Map<string, Row>();
	for (const row of rows) {
		const before = best.get(row.class);
		if (!before || row.lift > before.lift) best.set(row.class, row);
	}
	return [...best.values()]
		.sort((a, b) => a.p_value - b.p_value || b.lift - a.lift)
		.slice(0, most_classes)
		.sort((a, b) => a.cluster - b.cluster || b.lift - a.lift)
		.map((row) => row.class);
}

function noLabel({ enrichment }: Clustering, label?: string): string {
	const labels = [...new Set(enrichment.map((row) => row.label))];
	if (label === undefined || !labels.length)
		return "The clustered sentences have no labels, so no class can be over-represented: load sentences with label columns.";
	return `The clusters were not compared with a label "${clip(label, 40)}": choose one of theirs, such as ${nearNames(label, labels).join(", ") || clip(labels[0], 40)}.`;
}

/** What is beyond chance: one example, without saying that it is the most. */
function titleOf({ k }: Clustering, label: string, rows: Row[]): string {
	const name = clip(label, 30);
	if (k === 1) return `One cluster holds all sentences of every ${name}`;
	const beyond = rows.filter(isOverRepresented);
	const [most] = [...beyond].sort((a, b) => b.lift - a.lift);
	if (!most)
		return `No cluster holds more of a class of ${name} than chance for sure`;
	return `Cluster ${most.cluster} holds ${readable(most.lift)} times as much “${clip(most.class, 30)}” (${name}) as all sentences`;
}

function subtitleOf(
	c: Clustering,
	rows: Row[],
	shown: number,
	k: number,
): string[] {
	const classes = new Set(rows.map((row) => row.class)).size;
	const cut = [
		shown < classes &&
			`the ${shown} of ${count(classes)} classes that stand out most`,
		k < c.k && `the ${k} largest of ${c.k} clusters`,
	].filter(Boolean);
	const of = `${several(c.k, "cluster")} of ${several(c.assignment.length, "sentence")}`;
	return [
		cut.length ? `${of}; drawn: ${cut.join(", ")}` : of,
		`number: lift; •: over-represented, corrected p < ${significant}`,
	];
}
