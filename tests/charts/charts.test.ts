import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import * as charts from "../../src/charts";
import { drawChart, prepareChart } from "../../src/notebook/picture";
import { all } from "./all";
import * as sample from "./samples";

const clustering = sample.clustering();

for (const [name, spec] of Object.entries(all)) {
	test(`the ${name} chart is what it was`, () => {
		const file = join(__dirname, "snapshots", `${name}.json`);
		const now = `${JSON.stringify(short(spec), null, "\t")}\n`;
		if (process.env.UPDATE_SNAPSHOTS) writeFileSync(file, now);
		assert.deepEqual(JSON.parse(now), JSON.parse(readFileSync(file, "utf8")));
	});

	test(`the ${name} chart is drawn, and nothing in it is doubtful`, async (t) => {
		const warn = t.mock.method(console, "warn", () => {});
		const { png, width, height } = await drawChart(prepareChart(spec));
		assert.equal(png.toString("latin1", 1, 4), "PNG");
		assert.equal(png.readUInt32BE(16), 2 * width);
		assert.ok(width > 300 && width < 1000, `width ${width}`);
		assert.ok(height > 150 && height < 900, `height ${height}`);
		assert.deepEqual(warn.mock.calls, []);
		const out = process.env.CHARTS_OUT;
		if (out) writeFileSync(join(out, `${name}.png`), png);
	});
}

test("every chart function has a snapshot under its name, and every snapshot a chart", () => {
	const functions = Object.keys(charts).map((name) =>
		name.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`),
	);
	assert.ok(functions.length >= 18);
	for (const name of functions) assert.ok(all[name], name);
	assert.deepEqual(
		readdirSync(join(__dirname, "snapshots")).sort(),
		Object.keys(all)
			.map((name) => `${name}.json`)
			.sort(),
	);
});

test("every chart has a title, and every axis a name", () => {
	for (const [name, spec] of Object.entries(all)) {
		const { text } = (spec as { title: { text: string } }).title;
		assert.ok(text.length > 15, `${name}: ${text}`);
		for (const axis of axesOf(prepareChart(spec)))
			assert.ok(named(name) || axis.title, `${name}: ${JSON.stringify(axis)}`);
	}
});

/** The names on a vertical axis say what they are themselves, or the title of the panel is the axis's. */
function named(name: string): boolean {
	return /^(bars|training|probe|pareto|selectivity|tags|how-many)/.test(name);
}

/** Axes with labels, in all views of a compiled chart. */
function axesOf(view: object): { title?: unknown; labels?: boolean }[] {
	const { axes = [], marks = [] } = view as {
		axes?: { labels?: boolean }[];
		marks?: object[];
	};
	return [
		...axes.filter(({ labels }) => labels !== false),
		...marks.flatMap(axesOf),
	];
}

/** The spec with the first and last rows of its data, so that snapshots can be read. */
function short(value: unknown): unknown {
	if (Array.isArray(value)) return value.map(short);
	if (typeof value !== "object" || value === null) return value;
	return Object.fromEntries(
		Object.entries(value).map(([key, part]) =>
			key === "values" && Array.isArray(part) && part.length > 6
				? [key, [...part.slice(0, 2), `${part.length} in all`, part.at(-1)]]
				: [key, short(part)],
		),
	);
}

test("a chart of many sentences draws at most 1,000 of them, and long texts are cut", () => {
	const many = {
		...clustering,
		sentences: {
			...clustering.sentences,
			text: clustering.sentences.text.map((text) => text.repeat(50)),
		},
	};
	const { values } = charts.clusters(many).data as unknown as {
		values: { text: string }[];
	};
	assert.equal(values.length, 1000);
	assert.ok(values.every(({ text }) => text.length <= 120));
});

test("text from the data stays text: names with dots, brackets and markup are drawn as they are", async () => {
	const hostile = `a.b[0]{"signal"}'\\ <img src=x onerror=alert(1)> & </script>`;
	const probed = {
		...sample.probes[1],
		label: hostile,
		classes: [hostile, "b"],
	};
	for (const spec of [charts.probe(probed), charts.confusion(probed)]) {
		const { png } = await drawChart(prepareChart(spec));
		assert.ok(png.length > 1000);
	}
	const labels = { [hostile]: clustering.sentences.labels.topic };
	const named = {
		...clustering,
		sentences: { ...clustering.sentences, labels },
		agreement: { [hostile]: clustering.agreement.topic },
	};
	for (const spec of [
		charts.clusters(named, { label: hostile }),
		charts.agreement(named),
	]) {
		const { png } = await drawChart(prepareChart(spec));
		assert.ok(png.length > 1000);
	}
});

test("a label that is not there is refused with near names", () => {
	assert.throws(
		() => charts.clusters(clustering, { label: "topik" }),
		/no label "topik".*topic/,
	);
});

test("a confusion matrix of latents that were not probed is refused", () => {
	const { latents: _, ...without } = sample.probes[0];
	assert.throws(
		() => charts.confusion(without, { input: "latents" }),
		/no scores for latents/,
	);
	assert.match(
		JSON.stringify(charts.confusion(without).title),
		/98\.1% of 1,200/,
	);
});

test("training that has not begun is drawn empty", async () => {
	const spec = charts.training({ records: [] });
	assert.ok((await drawChart(prepareChart(spec))).png.length > 1000);
});

test("a chart of nothing is refused with a sentence", () => {
	assert.throws(() => charts.layers([]), /no rows/);
	assert.throws(
		() => charts.agreement({ ...clustering, agreement: {} }),
		/no labels/,
	);
	assert.throws(() => charts.probe([]), /no results/);
	assert.throws(() => charts.pareto([]), /no points/);
});

test("the firing frequencies of latents are counted by hand on a small case", () => {
	// Latent 0 fires on all ten tokens, latent 1 on one of them, latent 2 never.
	const indices = Uint32Array.from([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
	const indptr = Float64Array.from([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11]);
	const spec = charts.density({
		...sample.latents(),
		d_sae: 3,
		indices,
		indptr,
	});
	const { values } = spec.data as unknown as { values: object[] };
	assert.deepEqual(values, [
		{ from: -1, to: -0.8, latents: 1 },
		{ from: -0.2, to: 0, latents: 1 },
	]);
	assert.match(JSON.stringify(spec.title), /1 \(33\.3%\) never; L0 1\.1/);
});

test("every token of a figure has a label of its own, and what has no shape is written out", () => {
	const { values } = charts.logitLens(sample.lens(sample.hostileTokens, 12))
		.data as unknown as { values: { token: string; guess: string }[] };
	const labels = [...new Set(values.map(({ token }) => token))];
	assert.deepEqual(labels, [
		"0 <|endoftext|>",
		'1 "',
		"2 ⏎⏎",
		"3 \\u0007\\u202e",
		"4 \ufffd",
		"5 ·{datum.x}",
		"6 '\\",
		"7 ·very·very·ve…",
		"8 ·the",
		"9 ·the",
		"10 \ud83d\ude00",
		"11 ",
	]);
	assert.ok(values.every(({ guess }) => guess.length <= 9));
});

test("the logit lens frames what comes next, and the title counts it", () => {
	const lens = sample.lens(["a", "b", "c"], 2);
	const rank = [
		[5, 2],
		[0, 1],
		[0, 0],
	].map((row) => Int32Array.from(row));
	const spec = charts.logitLens({ ...lens, rank });
	assert.match(
		JSON.stringify(spec.title),
		/right at 1 of 2 positions after block 0, at 2 after block 1/,
	);
	const { values } = spec.data as unknown as {
		values: { token: string; layer: string; right?: boolean }[];
	};
	assert.deepEqual(
		values.filter(({ right }) => right).map((v) => `${v.token}: ${v.layer}`),
		["0 a: block 0", "0 a: block 1", "1 b: block 1"],
	);
});

test("a long text is cut in figures of tokens, and the subtitle says so", () => {
	const long = Array.from({ length: 500 }, (_, i) => `t${i}`);
	const lens = charts.logitLens(sample.lens(long, 40));
	const rows = (lens.data as unknown as { values: unknown[] }).values.length;
	assert.equal(rows, 32 * 14);
	assert.match(JSON.stringify(lens.title), /the first 32 of 500 tokens/);
	const cache = sample.patterns(13, 60);
	const spec = charts.attention(cache, long.slice(0, 60), { layer: 2 });
	assert.match(JSON.stringify(spec.title), /the first 16 of 60 tokens/);
	const { values } = spec.data as unknown as { values: unknown[] };
	assert.equal(values.length, (12 * 16 * 17) / 2);
});

test("attention that was not run, or tokens of another text, are refused", () => {
	assert.throws(
		() => charts.attention({}, ["a"], { layer: 3 }),
		/"blocks\.3\.attn\.hook_pattern".*runWithCache/,
	);
	assert.throws(
		() =>
			charts.attention(sample.patterns(1, 2), ["a", "b", "c"], { layer: 2 }),
		/3 tokens for a pattern of 2/,
	);
	assert.throws(
		() =>
			charts.attention(sample.patterns(1, 2), ["a"], { layer: 2, heads: [] }),
		/at least one head/,
	);
	assert.throws(
		() =>
			charts.attention(sample.patterns(1, 2), ["a"], { layer: 2, heads: [7] }),
		/Index 7 is out of range/,
	);
});

test("norms are means and percentiles of what is no padding", () => {
	const { values } = charts.norms(sample.streams).data as unknown as {
		values: object[];
	};
	// Norms besides position 0, before the first block: 1, 2, 3, 4 and 1, 2 and 1.
	assert.deepEqual(
		values
			.slice(0, 2)
			.map((row) =>
				JSON.stringify(row, (_, v) =>
					typeof v === "number" ? Number(v.toFixed(4)) : v,
				),
			),
		[
			'{"layer":0,"series":"position 0","value":10}',
			'{"layer":0,"series":"all others: median, 5 to 95 %","value":2,"low":1,"high":4}',
		],
	);
	assert.throws(
		() => charts.norms({ cache: {}, tokens: sample.streams.tokens }),
		/no residual stream/,
	);
});

test("numbers of heads that are never below 0 are coloured from 0 on", () => {
	const domainOf = (rows: number[][]) => {
		const { layer } = charts.heads(rows, { value: "x" }) as unknown as {
			layer: { encoding: { color: { scale: { domain: number[] } } } }[];
		};
		return layer[0].encoding.color.scale.domain;
	};
	assert.deepEqual(domainOf([[0, 2]]), [0, 2]);
	assert.deepEqual(domainOf([[-1, 2]]), [-2, 2]);
});

test("numbers of heads fit their cells, be they small or large", () => {
	const formatOf = (most: number) =>
		/"format":"([^"]*)"/.exec(
			JSON.stringify(charts.heads([[0, most]], { value: "x" })),
		)?.[1];
	assert.deepEqual([1e-4, 0.5, 99, 12345].map(formatOf), [
		".1e",
		".2f",
		".2f",
		".3~s",
	]);
});

test("classes whose names begin alike stay apart in a confusion matrix", () => {
	const { latents: _, ...probe } = sample.probes[1];
	const classes = ["a", "b"].map((end) => `${"the same ".repeat(9)}${end}`);
	const { values } = charts.confusion({ ...probe, classes })
		.data as unknown as { values: { truth: string; predicted: string }[] };
	assert.equal(new Set(values.map(({ truth }) => truth)).size, 2);
	assert.equal(new Set(values.map(({ predicted }) => predicted)).size, 2);
});

test("the axis of agreement begins at 0 while no index is far below it, else below the least", () => {
	const fromOf = (ari: number) =>
		Number(
			/"domain":\[([^,]+),1\]/.exec(
				JSON.stringify(
					charts.agreement({
						...clustering,
						agreement: {
							topic: clustering.agreement.topic,
							tense: { ...clustering.agreement.tense, ari },
						},
					}),
				),
			)?.[1],
		);
	assert.deepEqual([fromOf(-0.002), fromOf(-0.3)], [0, -0.35]);
});

test("where directions crowd a panel none is named", () => {
	const rows = Array.from({ length: 25 }, (_, i) => ({
		x: Math.cos(i),
		y: Math.sin(i),
		name: `${i}`,
	}));
	const labelsOf = (n: number) => {
		const spec = charts.directions(rows.slice(0, n)) as unknown as {
			concat: { data: { values: { label: string }[] } }[];
		};
		return spec.concat[0].data.values.filter(({ label }) => label).length;
	};
	assert.deepEqual([labelsOf(24), labelsOf(25)], [24, 0]);
});

test("a chart of no heads is refused", () => {
	assert.throws(() => charts.heads([], { value: "x" }), /no numbers/);
});

test("a direction's name stands behind its end, and one too short for a name has none", () => {
	const spec = charts.directions([
		{ x: 3, y: 4, name: "a" },
		{ x: 0, y: -0.5, name: "b" },
		{ x: 0, y: 0, name: "c" },
	]) as unknown as { concat: { data: { values: object[] } }[] };
	assert.deepEqual(spec.concat[0].data.values, [
		{ x: 3, y: 4, name: "a", label: "a", label_x: 3.51, label_y: 4.68 },
		{ x: 0, y: -0.5, name: "b", label: "", label_x: 0, label_y: -0.585 },
		{ x: 0, y: 0, name: "c", label: "", label_x: 0, label_y: 0 },
	]);
	assert.throws(() => charts.directions([]), /no directions/);
});

test("a scatter of many points draws 2,000 of them and says so; points and lines share the axes", () => {
	const points = Array.from({ length: 5000 }, (_, i) => ({ x: i, y: 1 }));
	const lines = [{ name: "l", points: [[-7, 0] as [number, number]] }];
	const spec = charts.scatter(points, { x: "a", y: "b", lines });
	assert.match(JSON.stringify(spec.title), /2,000 of 5,000 points drawn/);
	assert.match(JSON.stringify(spec), /"domain":\[-7,4999\]/);
	assert.throws(() => charts.scatter([], { x: "a", y: "b" }), /no points/);
});

test("bars start at zero, keep their order, and stand on both sides of it where there are negative ones", () => {
	const domainOf = (...values: number[]) => {
		const rows = values.map((value, i) => ({ name: `${i}`, value }));
		const { encoding } = charts.bars(rows, { value: "v" }) as unknown as {
			encoding: { x: { scale: { domain: number[] } }; y: { sort: string[] } };
		};
		assert.deepEqual(
			encoding.y.sort,
			rows.map(({ name }) => name),
		);
		return encoding.x.scale.domain.map((end) => Number(end.toFixed(6)));
	};
	assert.deepEqual(domainOf(0.9, 1), [0, 1.12]);
	assert.deepEqual(domainOf(1, -1), [-1.24, 1.24]);
	assert.deepEqual(domainOf(-1), [-1.12, 0]);
	assert.throws(() => charts.bars([], { value: "v" }), /no bars/);
});

test("titles say what is to be seen, with its number", () => {
	const titleOf = (spec: charts.Chart) =>
		(spec as { title: { text: string } }).title.text;
	const evaluation = {
		...sample.evaluation,
		ce_loss_without_sae: 1.2,
		ce_loss_with_sae: 1.65,
	};
	assert.match(
		titleOf(charts.lossByCondition(evaluation)),
		/adds 0\.450 nats per token to the model's own 1\.200/,
	);
	assert.match(
		titleOf(charts.lossByCondition({ ...evaluation, ce_loss_with_sae: 1.19 })),
		/takes 0\.010 nats per token off/,
	);
	const points = [1, 2, 3].map((x) => ({ x, y: -x }));
	assert.equal(
		titleOf(charts.scatter(points, { x: "a", y: "b" })),
		"b against a: correlation −1.00",
	);
	assert.equal(
		titleOf(charts.scatter([{ x: 1, y: 1 }], { x: "a", y: "b" })),
		"b against a",
	);
	assert.match(
		titleOf(charts.layers(sample.layerRows)),
		// The intervals of the others' highest layers meet those of the layers beside them.
		/^pronoun is highest at layer 5 \(0\.85\); sentiment 0\.35 to 0\.93, topic 0\.9 to 0\.975, without a sure peak$/,
	);
	assert.match(
		titleOf(
			charts.clusters({
				...clustering,
				agreement: { topic: { ...clustering.agreement.topic, ari: 0.01 } },
			}),
		),
		/5 clusters do not follow topic: adjusted Rand index 0\.01/,
	);
	assert.match(
		titleOf(charts.clusters({ ...clustering, agreement: {} })),
		/5 clusters of sentences, silhouette 0\.31/,
	);
	const unsure = sample.report.effects.slice(2, 3);
	assert.match(
		titleOf(charts.neurons({ ...sample.report, effects: unsure })),
		/None of these neurons/,
	);
	assert.match(
		titleOf(charts.neurons({ ...sample.report, effects: [] })),
		/^14 of 14 classes have a neuron of layer 3 with an AUC of 0\.8 or more$/,
	);
});

test("the pareto's title names the best in the middle of the range of L0 that all reach, by hand", () => {
	const point = (architecture: string, l0: number, value: number) => ({
		architecture,
		sparsity: l0,
		l0,
		explained_variance: value,
		ce_loss_score: 1 - value,
	});
	// All reach 4 to 16: the middle is 8, where a is half way between 0.5 and 0.9, and b between 0.8 and 0.7.
	const points = [
		...[point("a", 4, 0.5), point("a", 16, 0.9)],
		...[point("b", 16, 0.7), point("b", 2, 0.9), point("b", 4, 0.8)],
	];
	const titleOf = (spec: charts.Chart) =>
		(spec as { title: { text: string } }).title.text;
	assert.equal(
		titleOf(charts.pareto(points)),
		"At L0 8, b has the highest explained variance: 0.75 (one seed each)",
	);
	assert.match(
		titleOf(charts.pareto(points, { metric: "ce_loss_score" })),
		/a has the highest CE loss score: 0\.3/,
	);
	assert.match(
		titleOf(charts.pareto([point("a", 4, 0.5), point("b", 9, 0.5)])),
		/What sparsity costs/,
	);
	assert.match(
		titleOf(charts.pareto([point("a", 4, 0.5)])),
		/^At L0 4, a has explained variance 0\.5$/,
	);
});
