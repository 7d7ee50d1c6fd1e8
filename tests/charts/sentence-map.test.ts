import assert from "node:assert/strict";
import { test } from "node:test";
import * as vega from "vega";
import * as charts from "../../src/charts";
import { prepareChart } from "../../src/notebook/picture";
import * as sample from "./samples";

type Row = Record<string, unknown>;

/** A mark, or one of the views that it is made of. */
interface Item {
	marktype?: string;
	role?: string;
	datum?: Row;
	items?: Item[];
}

/** A view's scope with the signals of its selections. */
interface Scope {
	signals: Record<string, unknown>;
	subcontext?: Scope[];
}

const clustering = sample.clustering();
const pooled = sample.pooled(clustering);

/** The compiled chart in Vega 5 without a screen. */
async function open(spec: charts.Chart): Promise<vega.View> {
	const parsed = vega.parse(prepareChart(spec));
	return new vega.View(parsed, { renderer: "none" }).runAsync();
}

/** What the list of sentences and the bars of latents show. */
function shown(view: vega.View) {
	const texts: Row[] = [];
	const bars: Row[] = [];
	const walk = (item: Item) => {
		for (const part of item.items ?? []) {
			const { datum } = part;
			if (item.role === "mark" && datum && "line" in datum) texts.push(datum);
			if (item.role === "mark" && datum && "mean" in datum) bars.push(datum);
			walk(part);
		}
	};
	walk((view.scenegraph() as unknown as { root: Item }).root);
	const unique = <T>(rows: T[]) => [...new Set(rows)];
	return {
		sentences: unique(texts)
			.sort((a, b) => Number(a.line) - Number(b.line))
			.map((row) => `${row.cluster}: ${row.text}`),
		latents: new Map(
			bars
				.map(
					(row) =>
						[Number(row.latent), Number(Number(row.mean).toFixed(9))] as const,
				)
				.sort(([, a], [, b]) => b - a),
		),
	};
}

/** Moves the brush as the pointer does: to these pixels of the map. */
async function brush(
	view: vega.View,
	x: [number, number],
	y: [number, number],
): Promise<void> {
	const inside = view as unknown as {
		_runtime: Scope;
		update(operator: unknown, value: unknown): void;
	};
	const find = (scope: Scope, name: string): unknown =>
		scope.signals[name] ??
		scope.subcontext?.map((sub) => find(sub, name)).find(Boolean);
	inside.update(find(inside._runtime, "brush_x_1"), x);
	inside.update(find(inside._runtime, "brush_y_1"), y);
	await view.runAsync();
}

/** The pixels around the middle of a cluster's points in the map. */
function around(view: vega.View, cluster: number, reach: number) {
	const own = [...clustering.assignment.keys()].filter(
		(i) => clustering.assignment[i] === cluster,
	);
	return (["x", "y"] as const).map((axis, j): [number, number] => {
		const at = own.reduce((sum, i) => sum + clustering.projection[i][j], 0);
		const scale = view.scale(`concat_0_concat_0_${axis}`);
		const pixel = scale(at / own.length);
		return [pixel - reach, pixel + reach];
	});
}

test("brushing one cluster lists its sentences and its latents, another one's others, and no brush all", async () => {
	const view = await open(charts.sentenceMap(clustering, { pooled }));
	const whole = shown(view);
	assert.equal(whole.sentences.length, 12);
	assert.equal(whole.latents.size, 12);
	for (const cluster of [0, 1]) {
		const [x, y] = around(view, cluster, 20);
		await brush(view, x, y);
		const { sentences, latents } = shown(view);
		assert.equal(sentences.length, 12);
		const own = sentences.filter((text) => text.startsWith(`${cluster}: `));
		assert.ok(own.length >= 11, `${own.length} of 12 are of the cluster`);
		// Latents 0, 1, 2 of each hundred mark their cluster.
		const top = [...latents.keys()].slice(0, 3).sort((a, b) => a - b);
		assert.deepEqual(
			top,
			[0, 1, 2].map((i) => 100 * cluster + i),
		);
	}
	await brush(view, [0, 0], [0, 0]);
	assert.deepEqual(shown(view), whole);
	view.finalize();
});

test("the bars are means over the brushed sentences, zeros counted, by hand", async () => {
	const six = {
		...clustering,
		assignment: Uint32Array.of(0, 0, 1, 1, 1, 1),
		projection: [0, 1, 9, 10, 10, 10].map((x): [number, number] => [x, x]),
		k: 2,
		sizes: [4, 2],
		marks: [7, 8].map((latent, cluster) => ({
			...clustering.marks[0],
			...{ cluster, latent },
		})),
	};
	const view = await open(
		charts.sentenceMap(six, {
			pooled: {
				kind: "sparse",
				rows: 6,
				columns: 9,
				indptr: Float64Array.of(0, 1, 2, 3, 4, 4, 4),
				indices: Uint32Array.of(7, 7, 8, 3),
				values: Float32Array.of(1, 2, 0.5, 9),
			},
		}),
	);
	assert.deepEqual(
		[...shown(view).latents],
		[
			[7, 0.5],
			[8, 0.083333333],
		],
	);
	const x = view.scale("concat_0_concat_0_x");
	await brush(view, [x(-0.5), x(9.5)], [0, 330]);
	assert.deepEqual(
		[...shown(view).latents],
		[
			[7, 1],
			[8, 0.166666667],
		],
	);
	assert.equal(shown(view).sentences.length, 3);
	view.finalize();
});

test("a map of 10,000 long sentences and their latents draws 1,500 of them and stays below 400 kB", () => {
	const many = sample.clustering(10_000);
	const text = many.sentences.text.map((text) => text.repeat(30));
	const spec = charts.sentenceMap(
		{ ...many, sentences: { ...many.sentences, text } },
		{ pooled: sample.pooled(many) },
	);
	const { values } = spec.data as unknown as { values: unknown[] };
	assert.equal(values.length, 1500);
	assert.ok(JSON.stringify(spec).length < 400_000);
	assert.match(
		JSON.stringify(spec.title),
		/10,000 sentences \(1,500 drawn\).*draw a rectangle/,
	);
});

test("a map of no sentences, or with latents of others, is refused with what to do", () => {
	assert.throws(
		() => charts.sentenceMap({ ...clustering, assignment: new Uint32Array(0) }),
		/no sentences: cluster at least one/,
	);
	assert.throws(
		() => charts.sentenceMap(sample.clustering(10), { pooled }),
		/3,000 rows of latents for 10 sentences: .*poolSentences/,
	);
	assert.throws(
		() => charts.sentenceMap({ ...clustering, marks: [] }, { pooled }),
		/no latents mark: cluster latents, or leave pooled out/,
	);
});

test("a sample draws as many sentences as it says, and a number that is none is refused", () => {
	const clustering = sample.clustering();
	const drawn = (chart: object) =>
		(chart as { data: { values: unknown[] } }).data.values.length;
	const { sentenceMap, clusters } = charts;
	for (const [name, draw] of Object.entries({ sentenceMap, clusters })) {
		assert.equal(drawn(draw(clustering, { sample: 40 })), 40);
		for (const bad of [0, 2.5, 20_000])
			assert.throws(
				() => draw(clustering, { sample: bad }),
				new RegExp(`charts.${name} was asked for a sample of ${bad}: give a`),
			);
	}
});
