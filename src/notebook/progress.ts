import { randomUUID } from "node:crypto";
import type { Progress } from "../progress";
import { escapeHtml, oneLine } from "./html";
import { publish } from "./kernel";

interface Bar {
	id: string;
	began: number;
	drawn: number;
	done: number;
}

/** Bars that are not finished, by label. */
const bars = new Map<string, Bar>();

/**
 * A sink for progress (`setProgressSink`) that draws a bar in the notebook and redraws it in place, at most ten times a
 * second; at the end it becomes one line that says how long it took.
 */
export function notebookProgress(progress: Progress): void {
	const { label, done, total } = progress;
	const now = performance.now();
	let bar = bars.get(label);
	const fresh = !bar || done < bar.done; // a bar that goes back is another run of the same function
	if (!bar || fresh) bar = { id: randomUUID(), began: now, drawn: 0, done };
	const finished = done >= total;
	bar.done = done;
	if (!fresh && !finished && now - bar.drawn < 100) return;
	bar.drawn = now;
	if (finished) bars.delete(label);
	else bars.set(label, bar);
	const text = describe(progress, (now - bar.began) / 1000);
	const drawing = finished
		? "✓"
		: `<progress max="${Math.max(1, Math.round(total))}" value="${Math.round(done)}"></progress>`;
	const data = {
		"text/html": `<div>${drawing} <code>${escapeHtml(text)}</code></div>`,
		"text/plain": text,
	};
	publish({ data, transient: { display_id: bar.id } }, !fresh);
}

function describe(progress: Progress, seconds: number): string {
	const { label, done, total, unit, note } = progress;
	const finished = done >= total;
	const amount = finished
		? number(total)
		: `${number(done)} of ${number(total)}`;
	const left = done > 0 && seconds > 2 ? ((total - done) * seconds) / done : 0;
	const parts = [
		`${label}: ${amount} ${unit}`,
		note ?? "",
		finished ? `${seconds.toFixed(1)} s` : left ? `${duration(left)} left` : "",
	];
	return oneLine(parts.filter(Boolean).join(", "), 200);
}

function duration(seconds: number): string {
	return seconds < 90
		? `${Math.ceil(seconds)} s`
		: `${Math.ceil(seconds / 60)} min`;
}

function number(n: number): string {
	return Number.isFinite(n) ? Math.round(n).toLocaleString("en-US") : "0";
}
