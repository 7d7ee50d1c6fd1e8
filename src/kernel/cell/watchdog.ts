import { Session } from "node:inspector";
import { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { parentPort, workerData } from "node:worker_threads";
import { interruptPipe } from "../messages";
import type { Shared } from "./interrupts";

// A thread of the process that runs the cells: see interrupts.ts.

const { heard, counts } = workerData as Shared;
const patience = 500; // ms in which code that lets go of the thread hears of an interrupt
const step = 20_000; // ms for a function that would return what it has, or for a step that hears nothing
const look = 50; // ms
let number = 0;
let last = 0; // the cell that was interrupted last

/** Ends the code that the main thread runs, wherever it is; no catch or finally of it sees that. */
function terminate(): void {
	const session = new Session();
	session.connectToMainThread();
	session.post("Runtime.terminateExecution", () => session.disconnect());
}

async function interrupt(cell: number): Promise<void> {
	number++;
	const mine = number;
	const again = cell === last;
	last = cell;
	parentPort?.postMessage({ number: mine, cell });
	const end = Date.now() + step;
	for (let free = 0; free < patience; free += look) {
		await sleep(look);
		if (Atomics.load(heard, 0) >= mine) return;
		const waits = !again && number === mine && Date.now() < end;
		if (waits && counts.some((_, i) => Atomics.load(counts, i) > 0)) free = 0;
	}
	terminate();
}

const pipe = new Socket({ fd: interruptPipe, readable: true, writable: false });
let text = "";
pipe.on("data", (bytes) => {
	text += bytes;
	const lines = text.split("\n");
	text = lines.pop() ?? "";
	for (const line of lines) void interrupt(Number(line));
});
const end = () => process.kill(process.pid, "SIGKILL"); // the kernel is gone
pipe.on("close", end);
pipe.on("error", end);
