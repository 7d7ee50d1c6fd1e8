import { randomUUID } from "node:crypto";
import { training } from "../charts";
import type { TrainingRecord } from "../sae";
import { inNotebook, pending } from "./kernel";
import { showChart } from "./show";

/**
 * A training chart that redraws itself in place: give the result to `trainSae` as `onRecord`. It redraws at most once a
 * second and spends at most a tenth of the time on it; the last record is always drawn. Silent outside a notebook.
 */
export function liveTraining(): (record: TrainingRecord) => void {
	const id = randomUUID();
	const records: TrainingRecord[] = [];
	let earliest = 0;
	let waiting = false;

	async function redraw() {
		await wait(earliest - performance.now());
		const began = performance.now();
		waiting = false; // what is recorded from here on needs another drawing
		await showChart(training({ records: [...records] }), id);
		const took = performance.now() - began;
		earliest = began + Math.max(1000, 10 * took);
	}

	let last: Promise<void> = Promise.resolve();
	return (record) => {
		if (!inNotebook()) return;
		records.push(record);
		if (waiting) return;
		waiting = true;
		last = last.then(redraw);
		pending(last);
	};
}

function wait(milliseconds: number): Promise<void> {
	return new Promise((resolve) =>
		setTimeout(resolve, Math.max(0, milliseconds)),
	);
}
