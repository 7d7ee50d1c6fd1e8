import { join } from "node:path";
import { Worker } from "node:worker_threads";

/**
 * Watches over this process from a thread of its own, which also works while a cell does not let go: when an interrupt
 * comes that nobody here hears within a moment, the code that runs is ended where it is; when the kernel is gone, so is
 * this process. `hear` gets the number of the cell that is meant.
 */
export function watchInterrupts(hear: (cell: number) => void): void {
	const heard = new Int32Array(new SharedArrayBuffer(4));
	const worker = new Worker(join(__dirname, "watchdog.js"), {
		workerData: { heard },
		stdout: true,
		stderr: true,
	});
	worker.on("message", ({ number, cell }) => {
		Atomics.store(heard, 0, number);
		hear(cell);
	});
	worker.unref();
}
