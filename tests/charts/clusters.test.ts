import assert from "node:assert/strict";
import { test } from "node:test";
import * as vega from "vega";
import * as charts from "../../src/charts";
import { readableLabels } from "../../src/charts/labels";
import { prepareChart } from "../../src/notebook/picture";
import * as sample from "./samples";

const titleOf = (spec: charts.Chart) =>
	(spec as { title: { text: string } }).title.text;
const clustering = sample.clustering();

test("the title says whether the clusters follow a label, and of one cluster nothing of the kind", () => {
	assert.equal(
		titleOf(charts.clusters(clustering)),
		"5 clusters follow topic: adjusted Rand index 0.62",
	);
	assert.equal(
		titleOf(charts.sentenceMap(clustering)),
		titleOf(charts.clusters(clustering)),
	);
	assert.equal(
		titleOf(charts.clusters({ ...clustering, k: 1 })),
		"One cluster of 3,000 sentences",
	);
	const unknown = { ...clustering.agreement.topic, ari: Number.NaN };
	assert.equal(
		titleOf(charts.clusters({ ...clustering, agreement: { unknown } })),
		"5 clusters of sentences, silhouette 0.31",
	);
});

test("the title of enrichment names the cluster and the class with the largest lift that is beyond chance", () => {
	const row = { ...clustering.enrichment[0], label: "topic", n: 3 };
	const rows = [
		{ ...row, cluster: 0, class: "a", lift: 9, p_value: 0.2 },
		{ ...row, cluster: 1, class: "b", lift: 2.5, p_value: 0.001 },
	];
	const of = (enrichment: typeof rows) =>
		titleOf(charts.enrichment({ ...clustering, enrichment }));
	assert.equal(
		of(rows),
		"Cluster 1 holds 2.5 times as much “b” (topic) as all sentences",
	);
	assert.equal(
		of(rows.slice(0, 1)),
		"No cluster holds more of a class of topic than chance for sure",
	);
});

test("a heat map of many classes and clusters draws those that stand out and says how many there are", () => {
	const spec = charts.enrichment(sample.manyClassed(), { label: "subject" });
	const { values } = spec.data as unknown as { values: { class: string }[] };
	assert.equal(new Set(values.map((v) => v.class)).size, 50);
	assert.match(JSON.stringify(spec.title), /the 50 of 60 classes/);
});

test("the title of how many says the recommendation, and who speaks for it", () => {
	assert.equal(
		titleOf(charts.howMany(sample.counts)),
		"6 clusters: gap and silhouette agree; alone: stability 5",
	);
	const one = {
		...sample.counts,
		recommended: 1,
		choices: { gap: 1, silhouette: 2, stability: 2 },
	};
	assert.equal(
		titleOf(charts.howMany(one)),
		"No clusters: gap agrees; alone: silhouette 2, stability 2",
	);
	const choices = { gap: 6, silhouette: 6, stability: 6 };
	assert.match(
		titleOf(charts.howMany({ ...sample.counts, choices })),
		/^6 clusters: gap, silhouette and stability agree/,
	);
	assert.equal(
		titleOf(charts.howMany({ ...sample.counts, choices, recommended: 3 })),
		"3 clusters; each criterion alone: gap 6, silhouette 6, stability 6",
	);
	assert.match(
		titleOf(charts.howMany({ ...sample.counts, stopped: "interrupted" })),
		/^6 clusters \(interrupted: so far\)/,
	);
});

test("the slider of k-means moves the points' colours, the centres and the line above", async () => {
	const parsed = vega.parse(prepareChart(charts.kMeansSteps(sample.steps)));
	const view = await new vega.View(parsed, { renderer: "none" }).runAsync();
	const last = sample.steps.steps.length - 1;
	assert.equal(view.signal("step"), last);
	const drawn = await view.toSVG();
	assert.ok(drawn.includes(`step ${last} of ${last}: 0 sentences changed`));
	await view.signal("step", 0).runAsync();
	const start = await view.toSVG();
	assert.ok(start.includes(`step 0 of ${last}: the start`));
	assert.notEqual(start, drawn);
	view.finalize();
});

test("the title of k-means steps says when it settled, and what it won", () => {
	const two = sample.steps.steps
		.slice(0, 2)
		.map((step, i) => ({ ...step, inertia: i ? 75 : 100 }));
	assert.equal(
		titleOf(charts.kMeansSteps({ ...sample.steps, steps: two })),
		"k-means settles after 1 step, with 25.0% less inertia than at the start",
	);
	assert.match(
		titleOf(
			charts.kMeansSteps({ ...sample.steps, steps: two, converged: false }),
		),
		/has not settled after 1 step/,
	);
});

test("the title of the latents' map names the tightest cluster", () => {
	const tightness = sample.latentClusters.tightness.map((_, c) =>
		c === 3 ? 0.95 : c ? 0.5 : Number.NaN,
	);
	assert.match(
		titleOf(charts.latentMap({ ...sample.latentClusters, tightness })),
		/^24 clusters of latents by the direction they write; tightest: “3: .*” \(0\.95\)$/,
	);
});

test("the map draws 2,000 of the latents, all members nearest the middles among them", () => {
	const spec = charts.latentMap(sample.latentClusters) as unknown as {
		layer: { data: { values: { latent: number }[] } }[];
	};
	const drawn = new Set(spec.layer[0].data.values.map(({ latent }) => latent));
	assert.equal(drawn.size, 2000);
	for (const { latent } of sample.latentClusters.members)
		assert.ok(drawn.has(latent));
});

test("of labels that would meet the first keeps its name, the next has its short one where that is free, by hand", () => {
	const plot = {
		...{ width: 100, height: 100 },
		x: [0, 100] as [number, number],
		y: [0, 100] as [number, number],
	};
	const at = (x: number, y: number) => ({
		x,
		y,
		name: "aaaaaaaaaa",
		short: "b",
	});
	// At 10 pixels a letter takes 6.8: ten reach 34 to each side, one 3.4.
	const named = readableLabels(
		[at(50, 50), at(50, 60), at(90, 50), at(10, 50), at(50, 80)],
		plot,
		10,
	);
	assert.deepEqual(
		named.map(({ x, y, name }) => `${x},${y} ${name.length}`),
		["50,50 10", "90,50 1", "10,50 1", "50,80 10"],
	);
});

test("twenty-four clusters each have a look of their own: colours and shapes come again at different paces", () => {
	const spec = JSON.stringify(
		charts.clusters({ ...clustering, k: 24, sizes: Array(24).fill(1) }),
	);
	assert.ok(!spec.includes("tableau"));
	assert.match(spec, /"shape":\{"field":"cluster"/);
});

test("charts of clusters refuse what is something else, or has nothing to draw, with what to do", () => {
	const wrong = sample.probes[0] as unknown as typeof clustering;
	assert.throws(
		() => charts.agreement(wrong),
		/charts\.agreement was given a result of kind "probe": give it what cluster returned/,
	);
	assert.throws(
		() => charts.enrichment(clustering, { label: "topik" }),
		/not compared with a label "topik": .*topic/,
	);
	assert.throws(
		() => charts.enrichment({ ...clustering, enrichment: [] }),
		/load sentences with label columns/,
	);
	assert.throws(
		() => charts.howMany({ ...sample.counts, rows: [] }),
		/at least one k/,
	);
	assert.throws(
		() => charts.kMeansSteps({ ...sample.steps, steps: [] }),
		/no steps/,
	);
	assert.throws(
		() =>
			charts.latentMap({
				...sample.latentClusters,
				latents: new Uint32Array(0),
			}),
		/none fired/,
	);
});
