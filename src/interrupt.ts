/** What the kernel and the code of the cell that runs share. */
interface Interruptible {
	controller: AbortController;
	/** How many functions would return what they have. */
	listening: number;
}

/** On globalThis, since the kernel's copy of the package need not be the one that the cell imports. */
const key = Symbol.for("sparselens.interrupt");
const shared = globalThis as { [key]?: Interruptible };

/** The signal that interrupts the cell that runs; undefined outside the kernel. */
export function interruptSignal(): AbortSignal | undefined {
	return shared[key]?.controller.signal;
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
	const signal = given ?? cell?.controller.signal;
	signal?.throwIfAborted();
	if (cell) cell.listening++;
	try {
		return await work(signal);
	} finally {
		if (cell) cell.listening--;
	}
}

/** For the kernel: a new cell begins, with a signal of its own. The function that comes back interrupts it. */
export function beginInterruptible(): () => "stopping" | "unheard" {
	const cell = { controller: new AbortController(), listening: 0 };
	shared[key] = cell;
	return () => {
		const { aborted } = cell.controller.signal;
		cell.controller.abort(new Interrupted());
		// Whoever was told once and has not stopped yet is not waited for a second time.
		return cell.listening > 0 && !aborted ? "stopping" : "unheard";
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
