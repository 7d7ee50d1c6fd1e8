/** One output with all its representations, by mime type, as Jupyter's display_data has it. */
export interface DisplayMessage {
	data: Record<string, unknown>;
	metadata?: Record<string, unknown>;
	transient?: { display_id?: string };
}

/**
 * What the kernel offers to the code of a cell, at `globalThis[Symbol.for("sparselens.kernel")]`; absent outside the
 * kernel. Everything goes to the cell that runs, in the order of the calls.
 */
export interface KernelHook {
	/** Shows an output, or with `update` replaces the one that has the same display_id. */
	publish(message: DisplayMessage, update?: boolean): void;
	/**
	 * The cell stays busy until `work` settles, and fails when it fails. Where it resolves to an output, this is shown
	 * in the place of the call: what the cell shows or prints later waits behind it.
	 */
	pending(work: Promise<DisplayMessage> | Promise<void>): void;
	/** Clears the outputs of the cell; with `wait` only when the next one comes. */
	clear(wait?: boolean): void;
	/** Asks the user for a line of text. Throws where the client takes no input, as in a batch run. */
	input(prompt?: string, password?: boolean): Promise<string>;
}

/** Where the hook lies on globalThis. */
export const kernelHookKey = Symbol.for("sparselens.kernel");

/** The hook of the kernel that this process is; undefined elsewhere. */
export function kernelHook(): KernelHook | undefined {
	return (globalThis as { [kernelHookKey]?: KernelHook })[kernelHookKey];
}
