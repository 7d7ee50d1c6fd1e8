import type { Context } from "./contexts";
import { emptyRows } from "./rows";
import type { TokenRows } from "./types";

/** What a window holds of each token. */
type Columns = Pick<Context, "ids" | "sentence" | "start" | "end" | "keep">;

/**
 * Contexts in a row, side by side in a few long arrays that are used again after `clear`: a few objects for each
 * context would pile up between two collections of garbage.
 */
export interface Window {
	/** The tokens of context i are first[i] to first[i + 1]. */
	first: number[];
	/** Beyond the last token they mean nothing. */
	columns: Columns;
	/** How many contexts there are. */
	count(): number;
	add(context: Context): void;
	clear(): void;
}

/** A window without contexts; it grows beyond `capacity` tokens where it has to. */
export function makeWindow(capacity: number): Window {
	const first = [0];
	const window: Window = {
		first,
		columns: allocate(capacity),
		count: () => first.length - 1,
		add(context) {
			const from = first[first.length - 1];
			const to = from + context.ids.length;
			if (to > window.columns.ids.length)
				window.columns = grown(window.columns, from, 2 * to);
			put(window.columns, context, from);
			first.push(to);
		},
		clear() {
			first.length = 1;
		},
	};
	return window;
}

function allocate(n: number): Columns {
	return {
		ids: new Int32Array(n),
		sentence: new Uint32Array(n),
		start: new Uint32Array(n),
		end: new Uint32Array(n),
		keep: new Uint8Array(n),
	};
}

function grown(old: Columns, length: number, capacity: number): Columns {
	const columns = allocate(capacity);
	put(
		columns,
		{
			ids: old.ids.subarray(0, length),
			sentence: old.sentence.subarray(0, length),
			start: old.start.subarray(0, length),
			end: old.end.subarray(0, length),
			keep: old.keep.subarray(0, length),
		},
		0,
	);
	return columns;
}

function put(columns: Columns, more: Columns, at: number): void {
	columns.ids.set(more.ids, at);
	columns.sentence.set(more.sentence, at);
	columns.start.set(more.start, at);
	columns.end.set(more.end, at);
	columns.keep.set(more.keep, at);
}

/** The rows of a window, in order; those of context i are firstRow[i] to firstRow[i + 1]. */
export function layOut({ first, columns, count }: Window): {
	rows: TokenRows;
	firstRow: Float64Array;
} {
	const { ids, sentence, start, end, keep } = columns;
	const firstRow = new Float64Array(count() + 1);
	for (let i = 0; i < count(); i++) {
		firstRow[i + 1] = firstRow[i];
		for (let t = first[i]; t < first[i + 1]; t++) firstRow[i + 1] += keep[t];
	}
	const n = firstRow[count()];
	const rows = emptyRows(n);
	let row = 0;
	for (let i = 0; i < count(); i++)
		for (let t = first[i]; t < first[i + 1]; t++) {
			if (!keep[t]) continue;
			rows.sentence[row] = sentence[t];
			rows.position[row] = t - first[i];
			rows.token[row] = ids[t];
			rows.start[row] = start[t];
			rows.end[row] = end[t];
			row++;
		}
	return { rows, firstRow };
}
