import assert from "node:assert/strict";
import { test } from "node:test";
import * as charts from "../../src/charts";
import type { ScoreBar } from "../../src/charts/score-bars";
import * as sample from "./samples";

const titleOf = (spec: charts.Chart) =>
	(spec as { title: { text: string } }).title.text;
const [topic, sentiment, tense] = sample.probes;
const clustering = sample.clustering();

test("the probe's title sets what is read beside the best baseline", () => {
	assert.equal(
		titleOf(charts.probe(sentiment)),
		"SAE latents tell “sentiment” in 91.3% of test sentences, more than top channels (74.0%)",
	);
	const { latents: _, ...raw } = { ...sentiment, unit: "token" as const };
	assert.equal(
		titleOf(charts.probe(raw)),
		"Activations tell “sentiment” in 93.4% of test tokens, more than top channels (74.0%)",
	);
});

test("the title of several probes counts the labels at which every baseline is beaten for sure", () => {
	const lost = sample.probed(
		"noise",
		["a", "b"],
		[0.5, 0.5, 0.5, 0.5, 0.5, 0.6, 0.5],
	);
	assert.equal(
		titleOf(charts.probe([topic, sentiment, lost])),
		// The interval of topic, 97.2%, and that of its bag of words, 96.8%, meet.
		"SAE latents beat every baseline for 1 of 3 labels for sure",
	);
	assert.equal(
		titleOf(charts.probe([lost, lost])),
		"SAE latents beat every baseline for 0 of 2 probes for sure",
	);
});

test("results of one label are told apart by what differs, or by their number", () => {
	const groupsOf = (...list: Parameters<typeof charts.probe>[0][]) => {
		const { data } = charts.probe(list.flat()) as unknown as {
			data: { values: { group: string }[] };
		};
		return [...new Set(data.values.map(({ group }) => group))];
	};
	assert.deepEqual(groupsOf(topic, { ...topic, k: 5 }), [
		"topic · all",
		"topic · k = 5",
	]);
	assert.deepEqual(groupsOf(topic, topic), ["topic", "topic · 2"]);
});

test("what a probe of tokens is told of the token is called so, in the colour of the bag of words", () => {
	const tokens = {
		...sentiment,
		label: "is a verb",
		unit: "token" as const,
		n_test_sentences: 90,
	};
	const spec = charts.probe([sentiment, tokens]);
	const { values } = (spec as unknown as { data: { values: ScoreBar[] } }).data;
	const named = (group: string) =>
		values.filter((v) => v.group === group).map(({ input }) => input);
	assert.ok(named("sentiment").includes("bag of words"));
	assert.ok(named("is a verb").includes("which token"));
	assert.ok(!named("is a verb").includes("bag of words"));
	const both = JSON.stringify(spec).match(/"range":\[(.*?)\]/)?.[1];
	const colors = both?.split(",") ?? [];
	assert.equal(colors.length, 8);
	assert.equal(colors[5], colors[6]);
	assert.match(
		JSON.stringify(charts.probe(tokens).title),
		/1,200 test tokens of 90 sentences/,
	);
});

test("of more than twelve probes the first twelve are drawn, and the subtitle says so", () => {
	const many = Array.from({ length: 13 }, () => topic);
	assert.match(
		JSON.stringify(charts.probe(many).title),
		/the first 12 of 13; /,
	);
});

test("the title of selectivity says how far labels are from random ones, or the two accuracies", () => {
	assert.equal(
		titleOf(charts.selectivity([tense, topic, sentiment])),
		"Labels are read 39.1 to 79.3 points better than random ones",
	);
	assert.equal(
		titleOf(charts.selectivity(sentiment)),
		"“sentiment” from SAE latents: 91.3%, with random labels 51.3%",
	);
});

test("the title of calibration says which way the probe errs", () => {
	const of = (accuracy: number, ece: number) => {
		const bins = [{ confidence: 0.8, accuracy, n: 100 }];
		const score = { ...sentiment.activations, calibration: { bins, ece } };
		const { latents: _, ...rest } = { ...sentiment, activations: score };
		return titleOf(charts.calibration(rest));
	};
	assert.match(
		of(0.7, 0.1),
		/^The probe is surer than it is right: ECE 0\.100/,
	);
	assert.match(of(0.9, 0.1), /^The probe is less sure than it is right/);
	assert.match(of(0.79, 0.01), /^The probe is about as sure as it is right/);
});

test("the bins of calibration have Wilson's intervals", () => {
	const bins = [{ confidence: 0.95, accuracy: 1, n: 4 }];
	const score = { ...sentiment.activations, calibration: { bins, ece: 0.05 } };
	const { latents: _, ...rest } = { ...sentiment, activations: score };
	// Of four hits in four: 4 / (4 + 1.96²) = 0.51 to 1.
	assert.match(
		JSON.stringify(charts.calibration(rest)),
		/"accuracy":1,"low":0\.5101,"high":1/,
	);
});

test("the title of the k-sparse curve says what the smallest k tells from what, and what chance is", () => {
	assert.equal(
		titleOf(charts.kSparse(sample.kSparse)),
		"One latent a class tells “topic” from as many others in 78.0% (chance 50%)",
	);
	const from2 = sample.kSparse.points.filter(({ k }) => k !== 1);
	assert.match(
		titleOf(charts.kSparse({ ...sample.kSparse, points: from2 })),
		/^2 latents a class tell “topic” from as many others in .* \(chance 50%\)/,
	);
});

test("a number that is not read better than by its mean is said not to be", () => {
	const { latents, ...rest } = sample.numberProbe;
	assert.equal(
		titleOf(charts.numberProbe({ ...rest, latents })),
		"SAE latents explain 81.0% of the variance of “length” (78.0% to 84.0%)",
	);
	const none = {
		...rest.activations,
		r2: -0.02,
		interval: [-0.05, 0.01] as [number, number],
	};
	assert.equal(
		titleOf(charts.numberProbe({ ...rest, activations: none })),
		"Activations do not say more of “length” than its mean does for sure (R² −0.02, −0.05 to 0.01)",
	);
});

test("tags are drawn from the best read on, at most fifteen", () => {
	const scores = Array.from({ length: 20 }, (_, i) => ({
		...sample.tagsProbe.scores[i % 5],
		tag: `tag ${i}`,
	}));
	const spec = charts.tagsProbe({ ...sample.tagsProbe, scores });
	const { values } = spec.data as unknown as { values: { group: string }[] };
	const groups = [...new Set(values.map(({ group }) => group))];
	assert.equal(groups.length, 15);
	assert.deepEqual(groups.slice(0, 2), ["tag 0", "tag 5"]);
	assert.match(
		JSON.stringify(spec.title),
		/the 15 of 20 tags with the highest F1/,
	);
});

test("the confusion's title names what is most often taken for what", () => {
	const confusion = [
		[90, 3],
		[17, 100],
	];
	const { latents: _, ...raw } = sentiment;
	const spec = charts.confusion({
		...raw,
		activations: { ...raw.activations, confusion },
	});
	assert.match(
		titleOf(spec),
		/right; most often “positive” is taken for “negative” \(17\)$/,
	);
});

test("of more than forty classes a confusion matrix shows the forty most frequent", () => {
	const names = Array.from({ length: 45 }, (_, i) => `class ${i}`);
	const spec = charts.confusion(
		sample.probed("id", names, [0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.1]),
	);
	const { values } = spec.data as unknown as { values: unknown[] };
	assert.equal(values.length, 1600);
	assert.match(JSON.stringify(spec.title), /the 40 most frequent of 45/);
});

test("a label read at several hooks of a layer has a line for each, a title names the highest where it is so for sure", () => {
	const spec = charts.layers(sample.hookRows);
	const { values } = spec.data as unknown as { values: { series: string }[] };
	const series = [...new Set(values.map((v) => v.series))];
	assert.equal(series.length, 6);
	assert.equal(series[0], "sentiment · resid_post");
	assert.match(
		titleOf(spec),
		/^6 lines: 0\.55 to 0\.949; none is highest for sure$/,
	);
	const one = charts.layers(
		[0, 1].map((layer) => ({
			...{ layer, series: "topic", value: 0.5 + layer / 4 },
			hook_name: `blocks.${layer}.hook_resid_post`,
		})),
	);
	assert.equal(titleOf(one), "topic is highest at layer 1 (0.75)");
});

test("charts of probes refuse what is something else, or has nothing to draw, with what to do", () => {
	const wrong = clustering as unknown as typeof topic;
	assert.throws(
		() => charts.probe(wrong),
		/charts\.probe was given a result of kind "clusters": give it what probe returned/,
	);
	assert.throws(
		() => charts.confusion(undefined as unknown as typeof topic),
		/charts\.confusion was given what is no result/,
	);
	const bare = sample.plainProbe;
	assert.throws(() => charts.selectivity(bare), /control: true/);
	const { calibration: _, ...uncertain } = bare.activations;
	const { latents: __, ...raw } = { ...bare, activations: uncertain };
	assert.throws(() => charts.calibration(raw), /no probe with probabilities/);
	assert.throws(
		() => charts.kSparse({ ...sample.kSparse, points: [] }),
		/at least one k/,
	);
	assert.throws(
		() => charts.numberProbe({ ...sample.numberProbe, predictions: [] }),
		/needs test rows/,
	);
	assert.throws(
		() => charts.tagsProbe({ ...sample.tagsProbe, scores: [] }),
		/without tags/,
	);
});
