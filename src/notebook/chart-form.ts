import type { TopLevelSpec } from "vega-lite";

/** Every view of a Vega-Lite chart has one of these. */
const compositions = [
	"mark",
	"layer",
	"concat",
	"hconcat",
	"vconcat",
	"facet",
	"repeat",
];

/** What else may stand at the top of a chart. */
const others = new Set([
	...["$schema", "name", "title", "description", "usermeta", "config"],
	...["data", "datasets", "transform", "encoding", "params", "projection"],
	...["width", "height", "view", "autosize", "background", "padding"],
	...["align", "bounds", "center", "columns", "spacing", "resolve", "spec"],
]);

/** Numbers, names and texts that a chart may hold, its data included. */
const most_values = 500_000;

/** Whether a value has a field as charts have, rightly or not. */
export function hasMarks(value: unknown): value is object {
	if (typeof value !== "object" || value === null) return false;
	return compositions.some((key) => key in value);
}

/** Whether a value names Vega-Lite's schema. */
export function namesVegaLite(value: object): boolean {
	const { $schema } = value as { $schema?: unknown };
	return typeof $schema === "string" && $schema.includes("/vega-lite/");
}

/**
 * Whether a value means to be a chart: it names Vega-Lite's schema, or has data and no field that a chart cannot have. A
 * record of grades with a field "mark" does not.
 */
export function meansChart(value: unknown): value is object {
	if (!hasMarks(value)) return false;
	if (namesVegaLite(value)) return true;
	const known = (key: string) => others.has(key) || compositions.includes(key);
	return Object.keys(value).every(known) && hasData(value);
}

/** Whether a view, or one that it is made of, has data. */
function hasData(view: unknown, depth = 0): boolean {
	if (typeof view !== "object" || view === null || depth > 8) return false;
	const { data, datasets, ...rest } = view as { [key: string]: unknown };
	if (isObject(data) || isObject(datasets)) return true;
	return [...compositions, "spec"]
		.flatMap((key) => rest[key])
		.slice(0, 100)
		.some((part) => hasData(part, depth + 1));
}

function isObject(value: unknown): value is object {
	return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * A copy of a chart as plain JSON, its typed arrays as arrays: what a notebook keeps. Throws where it holds more than half a
 * million values, or itself.
 */
export function plainChart(value: object): TopLevelSpec {
	if (weight(value) > most_values)
		throw new Error(
			`The chart holds more than ${most_values.toLocaleString("en-US")} values, or itself: a notebook would keep them all, so sample or aggregate them before you draw them.`,
		);
	return JSON.parse(
		JSON.stringify(value, (_, part) => {
			if (typeof part === "bigint") return Number(part);
			return ArrayBuffer.isView(part) ? Array.from(part as Uint8Array) : part;
		}),
	);
}

/** How many values there are, 16 characters of a text for one; not counted on past the most that there may be. */
function weight(value: unknown): number {
	let sum = 0;
	const open: unknown[] = [value];
	while (open.length && sum <= most_values) {
		const part = open.pop();
		sum++;
		if (typeof part === "string") sum += Math.floor(part.length / 16);
		if (typeof part !== "object" || part === null) continue;
		if (ArrayBuffer.isView(part)) sum += part.byteLength / 8;
		else {
			const parts = Array.isArray(part) ? part : Object.values(part);
			if (parts.length > most_values) return Infinity;
			for (const each of parts) open.push(each);
		}
	}
	return sum;
}
