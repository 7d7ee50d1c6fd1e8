import type { Spec } from "vega";
import type { TopLevelSpec } from "vega-lite";
import type { DisplayMessage } from "../kernel/hook";
import { type Html, isHtml, oneLine } from "./html";
import { inNotebook, pending, publish } from "./kernel";
import { drawChart, prepareChart } from "./picture";
import { isRecord, recordHtml } from "./records";

/** The mime type under which JupyterLab draws Vega-Lite 5 charts. */
const vega_lite = "application/vnd.vegalite.v5+json";
const schema = "https://vega.github.io/schema/vega-lite/v5.json";

/** Named outputs that are there or on their way: what the next change of each waits for. */
const shown = new Map<string, Promise<unknown>>();

/**
 * Shows a chart, a result record, or what `highlight` and `table` return, below the cell that calls it, in the order of
 * the calls. Returns at once: the cell is done when the pictures are.
 *
 * A chart is one output with the live chart for JupyterLab, a PNG at twice the size for everything else, and its title as
 * text. Outside a notebook the text is printed.
 *
 * `id`: a name under which a later call changes the same output; default: each call shows a new one.
 *
 * Throws on an invalid chart, on a chart whose data lie elsewhere, and on any other value.
 */
export function show(value: unknown, options: { id?: string } = {}): void {
	const { id } = options;
	if (isHtml(value)) showHtml(value, id);
	else if (isRecord(value)) showHtml(recordHtml(value), id);
	else if (isChart(value)) void showChart(value, id);
	else
		throw new Error(
			`show was given ${describe(value)}: give it a Vega-Lite chart (charts.… returns one), a result record, or what highlight or table returns.`,
		);
}

function showHtml({ html, text }: Html, id?: string): void {
	const data = { "text/html": html, "text/plain": text };
	publish(
		{ data, transient: transient(id) },
		id !== undefined && shown.has(id),
	);
	if (id && inNotebook()) shown.set(id, Promise.resolve());
}

/** Shows a chart; the promise resolves when its picture is there. Throws at once where the chart cannot be drawn. */
export function showChart(chart: TopLevelSpec, id?: string): Promise<void> {
	const prepared = prepareChart(chart);
	const text = plainText(chart);
	if (!inNotebook()) {
		publish({ data: { "text/plain": text } });
		return Promise.resolve();
	}
	const before = id === undefined ? undefined : shown.get(id);
	const message = Promise.resolve(before).then(() =>
		toMessage(chart, prepared, text, id),
	);
	const done = before ? message.then((m) => publish(m, true)) : message;
	if (id) shown.set(id, done);
	pending(done as Promise<void>);
	return done.then(() => {});
}

async function toMessage(
	chart: TopLevelSpec,
	prepared: Spec,
	text: string,
	id?: string,
): Promise<DisplayMessage> {
	const live = { $schema: schema, ...chart };
	try {
		const { png, width, height } = await drawChart(prepared);
		return {
			data: {
				[vega_lite]: live,
				"image/png": png.toString("base64"),
				"text/plain": text,
			},
			metadata: {
				"image/png": { width, height, alt: text.replace(/^\[chart\] /, "") },
			},
			transient: transient(id),
		};
	} catch (error) {
		const why = error instanceof Error ? error.message : String(error);
		return {
			data: { [vega_lite]: live, "text/plain": `${text} (no picture: ${why})` },
			transient: transient(id),
		};
	}
}

function transient(id?: string): { display_id?: string } {
	return id ? { display_id: id } : {};
}

function isChart(value: unknown): value is TopLevelSpec {
	if (typeof value !== "object" || value === null) return false;
	const marks = [
		"mark",
		"layer",
		"concat",
		"hconcat",
		"vconcat",
		"facet",
		"repeat",
	];
	return marks.some((key) => key in value);
}

function describe(value: unknown): string {
	if (value === undefined) return "nothing";
	if (value instanceof Promise) return "a promise (put await before it)";
	if (typeof value !== "object" || value === null)
		return `the ${typeof value} ${oneLine(String(value), 60)}`;
	const keys = Object.keys(value).slice(0, 5).join(", ");
	return keys
		? `an object with the fields ${oneLine(keys, 60)}`
		: "an empty object";
}

/** The title and subtitle of a chart. */
function plainText(chart: TopLevelSpec): string {
	const title: unknown = chart.title;
	const { text, subtitle } =
		typeof title === "object" && title !== null && !Array.isArray(title)
			? (title as { text?: unknown; subtitle?: unknown })
			: { text: title, subtitle: undefined };
	const parts = [text, subtitle]
		.flat()
		.filter((part) => typeof part === "string" && part);
	return `[chart] ${oneLine(parts.join(" · ") || "without a title", 300)}`;
}
