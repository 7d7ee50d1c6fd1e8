import { type DisplayMessage, kernelHook } from "../kernel/hook";
import { printLine } from "../output";

/** Whether output goes to a notebook. */
export function inNotebook(): boolean {
	return kernelHook() !== undefined;
}

/**
 * Sends one output, or changes the one that was sent under the same display_id. Outside a notebook it prints the plain
 * text.
 */
export function publish(message: DisplayMessage, update = false): void {
	const kernel = kernelHook();
	if (kernel) kernel.publish(message, update);
	else printLine(message.data["text/plain"]);
}

/**
 * Keeps the place of an output that is still being made; the cell is not done before it is there. Where the work resolves
 * to nothing, the cell only waits for it.
 */
export function pending(work: Promise<DisplayMessage> | Promise<void>): void {
	kernelHook()?.pending(work);
}
