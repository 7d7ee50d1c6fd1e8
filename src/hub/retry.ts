import { setTimeout as rest } from "node:timers/promises";
import { HubError, PassingError } from "./failure";

/** How long and how often the hub is waited for. Tests make it short. */
export const patience = {
	/** Attempts in a row without progress. */
	attempts: 5,
	/** The wait before the second attempt; it doubles with each further one. */
	first_wait_ms: 1000,
	/** No wait is longer; a server that asks for more is not waited for. */
	longest_wait_ms: 120_000,
	/** A connection over which nothing comes for so long is given up. */
	stall_ms: 30_000,
	/** How often a download of another process is looked at. */
	poll_ms: 500,
	/** A partial file that another computer has not touched for so long is nobody's any more. */
	quiet_ms: 300_000,
};

/** What `persist` tells while it waits. */
export interface Waiting {
	signal?: AbortSignal;
	/** Called before each wait, with the reason and its length. */
	onWait?(why: string, wait_ms: number): void;
}

/**
 * Runs a task until it succeeds, again after each PassingError, with growing waits between. `task` may return early
 * progress through `advanced`: attempts count only while nothing new came.
 */
export async function persist<T>(
	task: (advanced: () => void) => Promise<T>,
	{ signal, onWait }: Waiting = {},
): Promise<T> {
	let failures = 0;
	for (;;) {
		signal?.throwIfAborted();
		try {
			return await task(() => {
				failures = 0;
			});
		} catch (error) {
			signal?.throwIfAborted();
			if (!(error instanceof PassingError)) throw error;
			failures++;
			const wait = waitAfter(error, failures);
			onWait?.(error.message, wait);
			await rest(wait, undefined, { signal }).catch(() => {
				signal?.throwIfAborted();
			});
		}
	}
}

/** How long to wait after the `failures`-th failure in a row; throws where it was the last one. */
function waitAfter(error: PassingError, failures: number): number {
	const { attempts, first_wait_ms, longest_wait_ms } = patience;
	const asked = error.retry_after_ms;
	if (asked !== undefined && asked > longest_wait_ms)
		throw new HubError(
			"busy",
			`${error.message}, and it asks to come back in ${Math.ceil(asked / 1000)} s: try again then.`,
		);
	if (failures >= attempts)
		throw new HubError(
			"busy",
			`${error.message}, after ${attempts} attempts: try again later; what was downloaded is kept.`,
		);
	const grown = first_wait_ms * 2 ** (failures - 1) * (1 + Math.random() / 4);
	return asked ?? Math.min(grown, longest_wait_ms);
}
