import {
	openSafetensors,
	readTensor,
	writeSafetensors,
} from "../../src/formats/safetensors";
import type { StreamState } from "./batches";
import type { Trainer } from "./trainer";

/** Where a training run stands, besides the weights and the moments. */
export interface Standing {
	seed: number;
	/** Steps made. */
	step: number;
	/** Steps in all; 0 while they are not known. */
	steps: number;
	tokens: number;
	/** Wall-clock so far. */
	seconds: number;
	stream: StreamState;
}

/** Writes all that the run needs to go on exactly as if it had not stopped; whole or not at all. */
export function saveCheckpoint(
	file: string,
	{ state }: Trainer,
	standing: Standing,
): void {
	writeSafetensors(
		file,
		Object.fromEntries(
			Object.entries(state).map(([name, data]) => [
				name,
				{ shape: [data.length], data },
			]),
		),
		{ standing: JSON.stringify(standing) },
	);
}

/** Reads a checkpoint into the trainer. */
export function loadCheckpoint(file: string, { state }: Trainer): Standing {
	const from = openSafetensors(file);
	for (const [name, data] of Object.entries(state))
		data.set(readTensor(from, name));
	return JSON.parse(from.metadata.standing) as Standing;
}
