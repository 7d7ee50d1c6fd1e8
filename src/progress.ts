/** How far a long function is. */
export interface Progress {
	/** What is being done, e.g. "extract blocks.5.hook_resid_post". */
	label: string;
	done: number;
	total: number;
	/** What is counted, e.g. "tokens". */
	unit: string;
	/** A few words on how it goes, e.g. "loss 0.31". */
	note?: string;
	/** The numbers of a training at this point, where nobody else listens to them: a `TrainingRecord`. */
	record?: object;
}

let sink: ((progress: Progress) => void) | undefined;

/**
 * Sets where progress goes. At first it goes below the cell in a notebook, and elsewhere to stderr, a line every few
 * seconds; `undefined` silences it.
 */
export function setProgressSink(to: typeof sink): void {
	sink = to;
}

/** Tells the sink how far a long function is. Cheap when nobody listens. */
export function reportProgress(progress: Progress): void {
	sink?.(progress);
}
