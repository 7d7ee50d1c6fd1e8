import { setImmediate } from "node:timers/promises";

/**
 * How many functions would return what they have, and how many steps are at work that hear nothing until they are done;
 * shared with the thread that watches over the cell.
 */
export type Counts = Int32Array<ArrayBufferLike>;
const listening = 0;
const deaf = 1;

/** What the kernel and the code of the cell that runs share. */
interface Interruptible {
	/** Of the cell: aborted by its first interrupt. */
	controller: AbortController;
	/** Of the functions that it calls: made anew once an interrupt was answered by a result, so that the cell can go on. */
	calls: AbortController;
	counts: Counts;
}

/** On globalThis, since the kernel's copy of the package need not be the one that the cell imports. */
const key = Symbol.for("sparselens.interrupt");
const shared = globalThis as { [key]?: Interruptible };

/** The signal that interrupts the cell that runs; undefined outside the kernel. */
export function interruptSignal(): AbortSignal | undefined {
	return shared[key]?.controller.signal;
}

/**
 * What a long function listens to: the signal that it is given, by default the notebook's interrupt; undefined where
 * there is neither. Throws the signal's reason where it has come already.
 */
export function listenTo(given?: AbortSignal): AbortSignal | undefined {
	const signal = given ?? shared[key]?.calls.signal;
	signal?.throwIfAborted();
	return signal;
}

/** Milliseconds of work after which interrupts and timers get their turn. */
const TURN = 20;

/**
 * For long loops of arithmetic, which hear nothing while they run. What comes back is called in every round: from time to
 * time it lets interrupts and timers have their turn, and throws the signal's reason where it has come.
 */
export function turns(signal?: AbortSignal): () => Promise<void> {
	let last = performance.now();
	return async () => {
		if (performance.now() - last < TURN) return;
		await setImmediate();
		last = performance.now();
		signal?.throwIfAborted();
	};
}

/**
 * Runs work that stops by itself when it is told to and still has something to give: on `given`, or where there is none
 * on the interrupt of the notebook, which then lets the cell go on with what comes back instead of ending it. Throws
 * the signal's reason where it has come already.
 */
export async function untilInterrupted<T>(
	given: AbortSignal | undefined,
	work: (signal?: AbortSignal) => Promise<T>,
): Promise<T> {
	const cell = given ? undefined : shared[key];
	const signal = listenTo(given);
	if (cell) cell.counts[listening]++;
	try {
		return await work(signal);
	} finally {
		const last = leave(cell, listening);
		if (cell && last && cell.calls.signal.aborted)
			cell.calls = new AbortController();
	}
}

/** Counts one less, and tells whether it was the last; what a cell left behind is not counted in the next one. */
function leave(cell: Interruptible | undefined, which: number): boolean {
	if (!cell || shared[key] !== cell) return false;
	return --cell.counts[which] === 0;
}

/**
 * Runs a step that holds the thread and hears nothing until it is done, such as a run of ONNX Runtime. Where an interrupt
 * comes meanwhile, the kernel waits for the step's end before it would end the cell by force.
 */
export async function deafStep<T>(step: () => Promise<T>): Promise<T> {
	const cell = shared[key];
	if (cell) cell.counts[deaf]++;
	try {
		return await step();
	} finally {
		leave(cell, deaf);
	}
}

/** For the kernel: a new cell begins, with a signal of its own. The function that comes back interrupts it. */
export function beginInterruptible(
	counts: Counts = new Int32Array(2),
): () => "stopping" | "unheard" {
	const cell: Interruptible = {
		controller: new AbortController(),
		calls: new AbortController(),
		counts,
	};
	counts.fill(0);
	shared[key] = cell;
	return () => {
		const { aborted } = cell.controller.signal;
		const reason = new Interrupted();
		cell.controller.abort(reason);
		cell.calls.abort(reason);
		// Whoever was told once and has not stopped yet is not waited for a second time.
		return cell.counts[listening] > 0 && !aborted ? "stopping" : "unheard";
	};
}

/** For the kernel: no cell runs. */
export function endInterruptible(): void {
	delete shared[key];
}

/** The reason of the signal. */
export class Interrupted extends Error {
	override name = "Interrupted";
	constructor() {
		super("the cell was interrupted");
	}
}
