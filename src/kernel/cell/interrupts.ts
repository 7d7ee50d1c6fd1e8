import { join } from "node:path";
import { Worker } from "node:worker_threads";
import type { Counts } from "../../interrupt";

/** What the thread that watches and the one that runs the cells share. */
export interface Shared {
	/** The number of the latest interrupt that the cells' thread has heard of. */
	heard: Int32Array;
	/** See `Counts`, of the running cell. */
	counts: Counts;
}

const counters = (n: number) => new Int32Array(new SharedArrayBuffer(4 * n));

/**
 * Watches over this process from a thread of its own, which also works while a cell does not let go: when an interrupt
 * comes that nobody here hears within a moment, the code that runs is ended where it is; when the kernel is gone, so is
 * this process. `hear` gets the number of the cell that is meant.
 */
export function watchInterrupts(hear: (cell: number) => void): Counts {
	const shared: Shared = { heard: counters(1), counts: counters(2) };
	const worker = new Worker(join(__dirname, "watchdog.js"), {
		workerData: shared,
		stdout: true,
		stderr: true,
	});
	worker.on("message", ({ number, cell }) => {
		Atomics.store(shared.heard, 0, number);
		hear(cell);
	});
	worker.unref();
	return shared.counts;
}
