import assert from "node:assert/strict";
import { test } from "node:test";
import * as charts from "../../src/charts";
import { beginInterruptible, endInterruptible } from "../../src/interrupt";
import { highlight, liveTraining, show, table } from "../../src/notebook";
import * as sample from "../charts/samples";
import { inKernel } from "./kernel";

const vega_lite = "application/vnd.vegalite.v5+json";

test("a chart is one output: a live chart as an object, a PNG with its size, its title as text", async () => {
	const sent = await inKernel(() => show(charts.probe(sample.probes)));
	assert.equal(sent.length, 1);
	const { data, metadata = {} } = sent[0];
	assert.deepEqual(
		Object.keys(data).sort(),
		[vega_lite, "image/png", "text/plain"].sort(),
	);
	const spec = data[vega_lite] as { $schema: string };
	assert.equal(spec.$schema, "https://vega.github.io/schema/vega-lite/v5.json");
	const png = Buffer.from(data["image/png"] as string, "base64");
	const picture = metadata["image/png"] as { width: number; alt: string };
	assert.equal(png.readUInt32BE(16), 2 * picture.width);
	assert.match(
		picture.alt,
		/^SAE latents beat every baseline for 3 of 5 labels for sure/,
	);
	assert.match(String(data["text/plain"]), /SAE latents beat every baseline/);
});

test("outputs keep the order of the calls, however long each takes to draw", async () => {
	const sent = await inKernel(() => {
		show(charts.clusters(sample.clustering()));
		show(table(["a"], [[1]]));
		show(charts.agreement(sample.clustering()));
	});
	const texts = sent.map(({ data }) => String(data["text/plain"]));
	assert.match(texts[0], /5 clusters/);
	assert.match(texts[1], /^\s*a/);
	assert.match(texts[2], /follow topic/);
	assert.ok(sent.every(({ update }) => !update));
});

test("a chart shown under a name is changed in place by the next call", async () => {
	const sent = await inKernel(() => {
		show(charts.layers(sample.layerRows, { title: "one" }), { id: "name" });
		show(charts.layers(sample.layerRows, { title: "two" }), { id: "name" });
		show(charts.layers(sample.layerRows, { title: "three" }), { id: "name" });
	});
	assert.deepEqual(
		sent.map(({ update }) => update),
		[false, true, true],
	);
	assert.ok(sent.every(({ transient }) => transient?.display_id === "name"));
	const texts = sent.map(({ data }) => data["text/plain"]);
	assert.deepEqual(texts, ["[chart] one", "[chart] two", "[chart] three"]);
});

test("what cannot be shown is refused at once, and the sentence says what to give", async () => {
	assert.throws(
		() => show(Promise.resolve() as never),
		/a promise \(put await before it\)/,
	);
	assert.throws(() => show({ html: "<b>x</b>" }), /the fields html: give it/);
	assert.throws(() => show(42), /the number 42/);
	assert.throws(() => show(undefined), /nothing/);
	assert.throws(
		() =>
			show({
				data: { values: [] },
				mark: "bar",
				encoding: { x: { field: "a", type: "none" } },
			}),
		/no valid Vega-Lite 5/,
	);
	await assert.rejects(
		inKernel(() =>
			show({
				data: { url: "https://example.org/x.csv" },
				mark: "bar",
				encoding: {},
			}),
		),
		/data\.values/,
	);
});

test("outside a notebook the text is printed", (t) => {
	const log = t.mock.method(console, "log", () => {});
	show(charts.layers(sample.layerRows, { title: "layers" }));
	show(table(["a"], [["x"]]));
	assert.deepEqual(
		log.mock.calls.map((call) => call.arguments[0]),
		["[chart] layers", "a\n-\nx"],
	);
});

test("a training chart redraws in place and ends with the last record", async () => {
	const began = performance.now();
	const sent = await inKernel(async () => {
		const onRecord = liveTraining();
		for (const record of sample.history.records.slice(0, 20)) {
			onRecord(record);
			await new Promise((resolve) => setTimeout(resolve, 10));
		}
	});
	const seconds = (performance.now() - began) / 1000;
	assert.ok(sent.length >= 2 && sent.length <= 2 + seconds);
	assert.deepEqual(
		sent.map(({ update }) => update),
		sent.map((_, i) => i > 0),
	);
	assert.equal(new Set(sent.map((s) => s.transient?.display_id)).size, 1);
	const spec = sent.at(-1)?.data[vega_lite] as { data: { values: unknown[] } };
	assert.equal(spec.data.values.length, 20);
});

test("a training chart is silent outside a notebook", (t) => {
	const log = t.mock.method(console, "log", () => {});
	liveTraining()(sample.history.records[0]);
	assert.equal(log.mock.callCount(), 0);
});

test("highlighted sentences are shown as HTML with text beside it", async () => {
	const [{ data }] = await inKernel(() => show(highlight(sample.clustering())));
	assert.match(String(data["text/html"]), /Cluster 0: [\d,]+ sentences/);
	assert.match(String(data["text/plain"]), /Cluster 4: [\d,]+ sentences/);
});

test("a table shown under a name takes the place of the chart that is still being drawn there", async () => {
	const sent = await inKernel(() => {
		show(charts.layers(sample.layerRows, { title: "one" }), { id: "mixed" });
		show(table(["a"], [[1]]), { id: "mixed" });
		show(charts.layers(sample.layerRows, { title: "three" }), { id: "mixed" });
	});
	assert.deepEqual(
		sent.map(({ data, update }) => [String(data["text/plain"])[0], update]),
		[
			["[", false],
			["a", true],
			["[", true],
		],
	);
	assert.ok(sent.every(({ transient }) => transient?.display_id === "mixed"));
});

test("in another run of a cell a named output is shown anew, and changes where it is left", async () => {
	const run = (text: string) =>
		inKernel(() => {
			beginInterruptible();
			show(table(["a"], [[text]]), { id: "again" });
			show(table(["a"], [[`${text}, changed`]]), { id: "again" });
		});
	const sent = [...(await run("first")), ...(await run("second"))];
	endInterruptible();
	const text = (update: boolean) =>
		sent
			.filter((message) => message.update === update)
			.map(({ data }) => String(data["text/plain"]).split("\n").at(-1));
	assert.deepEqual(text(false), ["first", "second"]);
	assert.deepEqual(text(true), ["first, changed", "second", "second, changed"]);
});
