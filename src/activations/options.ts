import type { Activations, BatchOptions, ShuffleOptions } from "./types";

/** Mixed at a time by default: rows, and bytes of them at most. */
const BUFFER = { rows: 81_920, bytes: 2 ** 28 };

/** BatchOptions with the defaults. Throws where the size is none. */
export function chosenBatches({ size = 4096, split, parts }: BatchOptions) {
	whole({ size });
	return { size, split, parts };
}

/** ShuffleOptions with the defaults. Throws on a number that is out of range. */
export function shuffleSettings(
	{ d_in }: Pick<Activations, "d_in">,
	options: ShuffleOptions,
): Required<Omit<ShuffleOptions, "split" | "parts">> &
	Pick<ShuffleOptions, "split" | "parts"> {
	const { size, seed, split, parts, epochs = 1 } = options;
	whole({ size });
	if (epochs !== Number.POSITIVE_INFINITY) whole({ epochs });
	const fitting = Math.floor(BUFFER.bytes / (4 * d_in));
	const usual = Math.max(2 * size, Math.min(BUFFER.rows, fitting));
	const { buffer_tokens = usual } = options;
	whole({ buffer_tokens });
	if (buffer_tokens < 2 * size)
		throw new Error(
			`buffer_tokens is ${buffer_tokens} and size is ${size}: half of the buffer is served at a time, so it needs at least ${2 * size} rows.`,
		);
	if (!Number.isSafeInteger(seed))
		throw new Error(`seed is ${seed}, where a whole number was expected.`);
	return { size, seed, split, parts, epochs, buffer_tokens };
}

/** Throws where a number is not a whole one from 1 on. */
export function whole(one: Record<string, number>): void {
	for (const [name, value] of Object.entries(one))
		if (!Number.isSafeInteger(value) || value < 1)
			throw new Error(
				`${name} is ${value}, where a whole number of at least 1 was expected.`,
			);
}
