import type { Spec } from "vega";
import type { TopLevelSpec } from "vega-lite";
import type { DisplayMessage } from "../kernel/hook";
import { hasMarks, meansChart, namesVegaLite, plainChart } from "./chart-form";
import { type Html, isHtml, oneLine } from "./html";
import { isRecord, recordHtml } from "./records";

/** The mime type under which JupyterLab draws Vega-Lite 5 charts. */
const vega_lite = "application/vnd.vegalite.v5+json";
const schema = "https://vega.github.io/schema/vega-lite/v5.json";

/** How a value is displayed. */
export interface Display {
	text: string;
	/** With all mime types. Never fails: where the picture of a chart cannot be made, the text says why. */
	message(): DisplayMessage | Promise<DisplayMessage>;
}

/**
 * How a value is displayed: a result record and what `table` and `highlight` return as HTML and text; a chart as a live
 * Vega-Lite 5 chart, a PNG at twice its size, and its title as text. Undefined where it is none of these; throws where it
 * is like a chart and cannot be drawn.
 */
export function toDisplay(value: unknown): Display | undefined {
	if (isHtml(value)) return htmlDisplay(value);
	if (isRecord(value)) return htmlDisplay(recordHtml(value));
	return hasMarks(value) ? chartDisplay(plainChart(value)) : undefined;
}

/**
 * How a notebook shows the last value of a cell: the message that `show` would send. Undefined where the value is no
 * record, table or chart; what only resembles one is left alone. Never throws, and what it promises never fails.
 */
export function displayOf(
	value: unknown,
): DisplayMessage | Promise<DisplayMessage> | undefined {
	try {
		const known = isHtml(value) || isRecord(value) || meansChart(value);
		return known ? toDisplay(value)?.message() : undefined;
	} catch (error) {
		return refusal(value, error);
	}
}

/** What is said of a chart by its own words that cannot be drawn. */
function refusal(value: unknown, error: unknown): DisplayMessage | undefined {
	try {
		if (!hasMarks(value) || !namesVegaLite(value)) return undefined;
		return { data: { "text/plain": `[chart] not drawn: ${reason(error)}` } };
	} catch {
		return undefined;
	}
}

function htmlDisplay({ html, text }: Html): Display {
	const data = { "text/html": html, "text/plain": text };
	return { text, message: () => ({ data }) };
}

function chartDisplay(chart: TopLevelSpec): Display {
	const prepared = pictures().prepareChart(chart);
	const text = textOf(chart);
	return { text, message: () => chartMessage(chart, prepared, text) };
}

/** Vega takes a tenth of a second to load: it comes with the first chart. */
function pictures(): typeof import("./picture") {
	return require("./picture");
}

async function chartMessage(
	chart: TopLevelSpec,
	prepared: Spec,
	text: string,
): Promise<DisplayMessage> {
	const live = { $schema: schema, ...chart };
	try {
		const { png, width, height } = await pictures().drawChart(prepared);
		const alt = text.replace(/^\[chart\] /, "");
		return {
			data: {
				[vega_lite]: live,
				"image/png": png.toString("base64"),
				"text/plain": text,
			},
			metadata: { "image/png": { width, height, alt } },
		};
	} catch (error) {
		const said = `${text} (no picture: ${reason(error)})`;
		return { data: { [vega_lite]: live, "text/plain": said } };
	}
}

function reason(error: unknown): string {
	return error instanceof Error ? error.message : String(error);
}

/** The title and subtitle of a chart. */
function textOf(chart: TopLevelSpec): string {
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
