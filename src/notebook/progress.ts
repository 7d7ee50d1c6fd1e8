import { interruptSignal } from "../interrupt";
import type { Progress } from "../progress";
import type { TrainingRecord } from "../sae";
import { escapeHtml } from "./html";
import { inNotebook, pending, publish } from "./kernel";
import { type Drawing, progressLines } from "./lines";
import { drawCurvesNow, lateCurve } from "./live";

const pace = { after: 1000, running: 100, finished: 100 };
const lines = progressLines(draw, pace);

/** By this an output is known that is there only because something takes long. */
const mark = { sparselens: "progress" };

/**
 * A sink for progress (`setProgressSink`) in a notebook. What takes over a second gets a bar, redrawn in place at most
 * ten times a second, with its rate and the time that is left; it ends as one line that says how long it took. Below
 * the bar of a training of over three seconds its curves are drawn, where the caller has no `onRecord` of their own.
 */
export function notebookProgress(progress: Progress): void {
	lines.report(progress);
	watch();
	if (progress.record) drawCurve(progress, progress.record as TrainingRecord);
	if (progress.done >= progress.total) drawCurvesNow();
	if (lines.holds() && !flushing) {
		flushing = true; // the cell may be done before its turn comes
		const later = wait(pace.finished).then(flush);
		pending(later);
	}
}

let flushing = false;
function flush(): void {
	flushing = false;
	if (inNotebook()) lines.flush();
}

let watching: NodeJS.Timeout | undefined;

/** Looks after the lines as long as one is open: a cell that fails reports nothing. */
function watch(): void {
	watching ??= setInterval(() => {
		if (inNotebook() && lines.look()) return;
		clearInterval(watching);
		watching = undefined;
	}, 250).unref();
}

function draw({ id, again, state, text, done, total }: Drawing): void {
	const sign = {
		running: `<progress max="${Math.max(1, Math.round(total))}" value="${Math.round(done)}"></progress>`,
		finished: "✓",
		stopped: "■",
	};
	const data = {
		"text/html": `<div>${sign[state]} <code>${escapeHtml(text)}</code></div>`,
		"text/plain": text,
	};
	const transient = { display_id: id };
	publish({ data, metadata: mark, transient }, again);
}

interface Curve {
	cell: AbortSignal | undefined;
	done: number;
	add(record: TrainingRecord): void;
}

/** The curves of the trainings at work, by label. */
const curves = new Map<string, Curve>();

function drawCurve(
	{ label, done, total }: Progress,
	record: TrainingRecord,
): void {
	const cell = interruptSignal();
	let curve = curves.get(label);
	if (!curve || done < curve.done || curve.cell !== cell)
		curve = { cell, done, add: lateCurve(3000, mark) };
	curve.done = done;
	curve.add(record);
	if (done < total) curves.set(label, curve);
	else curves.delete(label);
}

function wait(milliseconds: number): Promise<void> {
	return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
