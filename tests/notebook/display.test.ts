import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import * as charts from "../../src/charts";
import type { DisplayMessage } from "../../src/kernel/hook";
import { displayOf, highlight, show, table } from "../../src/notebook";
import { all } from "../charts/all";
import * as sample from "../charts/samples";
import { inKernel } from "./kernel";

const vega_lite = "application/vnd.vegalite.v5+json";

/** As it is sent: Vega has put symbols on the rows of the data. */
function asJson(value: unknown): unknown {
	return JSON.parse(JSON.stringify(value));
}

async function dataOf(value: unknown): Promise<Record<string, unknown>> {
	return (await displayOf(value))?.data ?? {};
}

test("the value of a cell is displayed as show would display it: records, tables, highlighted sentences, every chart", async () => {
	const values = [
		sample.probes[0],
		table(["a"], [[1]]),
		highlight(sample.clustering()),
		...Object.values(all),
	];
	const shown = await inKernel(() => {
		for (const value of values) show(value);
	});
	for (const [i, value] of values.entries()) {
		const { update: _, ...sent } = shown[i];
		assert.deepEqual(asJson(await displayOf(value)), asJson(sent));
	}
});

test("a record is HTML and text at once, a chart is live, a PNG and text", async () => {
	const record = displayOf(sample.probes[0]) as DisplayMessage;
	assert.match(String(record.data["text/plain"]), /SAE latents\s+0\.972/);
	assert.match(String(record.data["text/html"]), /<table/);
	const chart = await displayOf(charts.probe(sample.probes));
	assert.deepEqual(Object.keys(chart?.data ?? {}), [
		vega_lite,
		"image/png",
		"text/plain",
	]);
	assert.deepEqual(Object.keys(chart?.metadata ?? {}), ["image/png"]);
});

test("a chart of the user's own is displayed, with or without a schema", async () => {
	const bars = {
		data: { values: [{ a: 1, b: 2 }] },
		mark: "bar",
		encoding: { x: { field: "a", type: "quantitative" } },
	};
	const views = {
		title: "two",
		hconcat: [bars, { layer: [bars, { ...bars, mark: { type: "line" } }] }],
	};
	const $schema = "https://vega.github.io/schema/vega-lite/v5.json";
	for (const chart of [bars, views, { $schema, mark: "point" }]) {
		const data = await dataOf(chart);
		assert.ok(data["image/png"], JSON.stringify(chart));
		assert.deepEqual(asJson(data[vega_lite]), { $schema, ...chart });
	}
});

test("an object that only resembles a record or a chart is left alone", (t) => {
	const warn = t.mock.method(console, "warn", () => {});
	const values = [
		...[undefined, null, 7, "bar", true, 10n, Symbol("mark"), () => "mark"],
		...[[], {}, new Map(), new Date(0), Promise.resolve()],
		{ kind: "probe" },
		{ kind: "training", records: 3 },
		{ kind: "toString" },
		{ mark: "good" },
		{ mark: "bar" },
		{ mark: 5, data: { values: [] } },
		{ mark: "good", data: { values: [] } },
		{ mark: "bar", data: [1, 2] },
		{ mark: "bar", name: "Ann", data: { values: [] }, room: 5 },
		{ layer: 3, hook_name: "blocks.3.hook_resid_post" },
		{ layer: 3, data: { values: [] } },
		{ layer: [1], data: { values: [] } },
		{ repeat: 3, data: { values: [] }, spec: {} },
		{ facet: { data: { values: 1 } } },
		{
			mark: "bar",
			data: { values: [] },
			encoding: { x: { field: "a", type: "none" } },
		},
		{ mark: "bar", data: { url: "https://example.org/x.csv" } },
	];
	for (const value of values) assert.equal(displayOf(value), undefined);
	assert.equal(warn.mock.callCount(), 0);
});

test("what says itself that it is Vega-Lite and cannot be drawn says why", async () => {
	const $schema = "https://vega.github.io/schema/vega-lite/v5.json";
	const textOf = async (chart: object) =>
		(await dataOf({ $schema, ...chart }))["text/plain"];
	assert.match(
		String(await textOf({ mark: "bar", data: { url: "x.csv" } })),
		/^\[chart\] not drawn: .*"x\.csv".*data\.values/,
	);
	assert.match(
		String(await textOf({ mark: "zork" })),
		/not drawn: .*no valid Vega-Lite 5/,
	);
});

test("hostile objects are left alone: throwing getters and proxies, objects in themselves", () => {
	const traps = new Proxy(
		{},
		{
			get() {
				throw new Error("get");
			},
			has() {
				throw new Error("has");
			},
			ownKeys() {
				throw new Error("ownKeys");
			},
			getPrototypeOf() {
				throw new Error("getPrototypeOf");
			},
		},
	);
	const endless: object = new Proxy(
		{},
		{
			has: () => true,
			get: (_, key) => (typeof key === "string" ? endless : undefined),
			ownKeys: () => ["mark", "data"],
			getOwnPropertyDescriptor: () => ({
				configurable: true,
				enumerable: true,
				value: endless,
			}),
		},
	);
	const getter = {
		data: { values: [] },
		get mark() {
			throw new Error("mark");
		},
	};
	const kind = {
		get kind() {
			throw new Error("kind");
		},
	};
	const circular: Record<string, unknown> = {
		mark: "bar",
		data: { values: [] },
	};
	circular.encoding = circular;
	const { proxy, revoke } = Proxy.revocable({}, {});
	revoke();
	for (const value of [traps, endless, getter, kind, circular, proxy])
		assert.equal(displayOf(value), undefined);
	assert.throws(() => show(circular), /or itself/);
});

test("a chart of more than half a million values is refused with what to do, before it is drawn", () => {
	const huge = {
		data: { values: new Array(10_000_000).fill({ a: 1 }) },
		mark: "bar",
		encoding: { x: { field: "a", type: "quantitative" } },
	};
	assert.throws(() => show(huge), /more than 500,000 values.*sample/);
	assert.equal(displayOf(huge), undefined);
	const long = { ...huge, data: { values: [{ a: "x".repeat(9_000_000) }] } };
	assert.throws(() => show(long), /more than 500,000 values/);
	const typed = { ...huge, data: { values: new Float64Array(600_000) } };
	assert.throws(() => show(typed), /more than 500,000 values/);
});

test("a chart is shown as it was when it was given, typed arrays and bigints as numbers", async () => {
	const chart = {
		title: "before",
		data: { values: Float32Array.of(1, 2) as unknown },
		mark: "tick",
		encoding: { x: { field: "data", type: "quantitative" } },
		width: 100n,
	};
	const [{ data }] = await inKernel(() => {
		show(chart);
		chart.title = "after";
		chart.data.values = [];
	});
	assert.equal(data["text/plain"], "[chart] before");
	const live = data[vega_lite] as typeof chart;
	assert.deepEqual(asJson(live.data.values), [1, 2]);
	assert.equal(live.width, 100);
});

test("a chart whose picture fails is sent without it, and its text says why", async () => {
	const message = await displayOf({
		title: "odd",
		data: { values: [{ a: 1 }] },
		transform: [{ calculate: "nothing(datum.a)", as: "b" }],
		mark: "bar",
		encoding: { x: { field: "b", type: "quantitative" } },
	});
	assert.deepEqual(Object.keys(message?.data ?? {}), [vega_lite, "text/plain"]);
	assert.match(
		String(message?.data["text/plain"]),
		/^\[chart\] odd \(no picture: .*nothing/,
	);
});

test("a PNG has at most 256 colours and is the same each time", async () => {
	const pngOf = async () => {
		const data = await dataOf(charts.clusters(sample.clustering()));
		return Buffer.from(String(data["image/png"]), "base64");
	};
	const [first, second] = [await pngOf(), await pngOf()];
	assert.ok(first.equals(second));
	assert.equal(first[25], 3); // colours from a palette
	assert.ok(first.length < 150_000);
});

test("Vega is not loaded before the first chart", () => {
	const program = `
		const { displayOf, table } = require("./src/notebook");
		displayOf({ mark: "good" });
		displayOf(table(["a"], [[1]]));
		const heavy = () => Object.keys(require.cache).filter((file) => /node_modules.(vega|@resvg|sharp)/.test(file)).length;
		const before = heavy();
		Promise.resolve(displayOf({ data: { values: [] }, mark: "bar" })).then(() => console.log(before, heavy() > 0));`;
	const { stdout, stderr } = spawnSync(
		process.execPath,
		["--import", "tsx", "-e", program],
		{ cwd: join(__dirname, "../.."), encoding: "utf8" },
	);
	assert.equal(stdout, "0 true\n", stderr);
});
