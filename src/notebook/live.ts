import { randomUUID } from "node:crypto";
import { training } from "../charts";
import { interruptSignal } from "../interrupt";
import type { TrainingRecord } from "../sae";
import { inNotebook, pending } from "./kernel";
import { showChart } from "./show";

/**
 * A training chart that redraws itself in place, for `onRecord` of `trainSae`. It is drawn from the first record on; a
 * training without `onRecord` draws the same chart by itself, but only once it has taken three seconds. It redraws at
 * most once a second and spends at most a tenth of the time on it; the last record is always drawn. Silent outside a
 * notebook.
 */
export function liveTraining(): (record: TrainingRecord) => void {
	return lateCurve(0);
}

/** The chart of `liveTraining` from some milliseconds on, and with a mark of its own in the chart's `usermeta`. */
export function lateCurve(
	after: number,
	usermeta?: Record<string, string>,
): (record: TrainingRecord) => void {
	const id = randomUUID();
	const records: TrainingRecord[] = [];
	const from = performance.now() + after;
	const curve: Curve = { earliest: 0, draw, survives: isInterrupted() };

	async function draw() {
		const began = performance.now();
		waiting.delete(curve); // what is recorded from here on needs another drawing
		curve.earliest = Number.POSITIVE_INFINITY; // one drawing at a time
		try {
			const chart = training({ records: [...records] });
			await showChart(usermeta ? { ...chart, usermeta } : chart, id);
		} finally {
			const took = performance.now() - began;
			curve.earliest = began + Math.max(1000, 10 * took);
		}
	}

	return (record) => {
		if (!inNotebook()) return;
		records.push(record);
		if (waiting.has(curve) || performance.now() < from) return;
		waiting.add(curve);
		pending(drawInTime(curve));
	};
}

interface Curve {
	/** When it may be drawn, by performance.now(). */
	earliest: number;
	draw(): Promise<void>;
	/** Whether its training goes on after the cell was interrupted. */
	survives: boolean;
}

function isInterrupted(): boolean {
	return interruptSignal()?.aborted ?? false;
}

/** Curves with records that are not drawn yet. */
const waiting = new Set<Curve>();

/** Something has come to its end, perhaps a training: its last record is not kept waiting. */
export function drawCurvesNow(): void {
	for (const curve of waiting) curve.earliest = 0;
}

/** What is pending holds back all later outputs, such as the progress bar: so it waits in short steps. */
async function drawInTime(curve: Curve): Promise<void> {
	if (isInterrupted() && !curve.survives) {
		curve.survives = true;
		curve.earliest = 0; // what it stopped at is the last record
	}
	const left = curve.earliest - performance.now();
	if (left <= 0) return curve.draw();
	await new Promise((resolve) => setTimeout(resolve, Math.min(left, 50)));
	pending(drawInTime(curve));
}
