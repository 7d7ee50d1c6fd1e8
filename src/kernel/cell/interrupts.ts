import { join } from "node:path";
import { Worker } from "node:worker_threads";

/** What the thread that watches and the one that runs the cells share. */
export interface Shared {
	/** The number of the latest interrupt that the cells' thread has heard of. */
	heard: Int32Array;
	/** How many functions of the running cell would return what they have. */
	listening: Int32Array;
}

const counter = () => new Int32Array(new SharedArrayBuffer(4));

/**
 * Watches over this process from a thread of its own, which also works while a cell does not let go: when an interrupt
 * comes that nobody here hears within a moment, the code that runs is ended where it is; when the kernel is gone, so is
 * this process. `hear` gets the number of the cell that is meant. Returns what counts the cell's listening functions.
 */
export function watchInterrupts(hear: (cell: number) => void): Int32Array {
	const shared: Shared = { heard: counter(), listening: counter() };
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
	return shared.listening;
}
