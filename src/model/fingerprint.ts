import { createHash, type Hash } from "node:crypto";
import { closeSync, openSync, readSync } from "node:fs";

/** A tensor as it lies in a file, or its bytes. */
export interface PlacedTensor {
	name: string;
	/** What its bytes mean: element type and shape. */
	form: string;
	bytes?: Uint8Array;
	place?: { file: string; offset: number; length: number };
}

/** Tensors of together at most so many bytes are read whole; otherwise those of at most so many each, … */
const WHOLE = 2 ** 25;
const SMALL = 2 ** 17;
/** … and of a larger one so many samples of so many bytes, its ends among them. */
const SAMPLES = 8;
const SAMPLE = 4096;
/** Bytes read at once. */
const PIECE = 2 ** 20;

/**
 * Tells models apart by their weights, in milliseconds: a hash of how they are used and of each tensor its name, its form
 * and its numbers, of large ones in samples. Where the files are, what they are called, and how the tensors are shared
 * out among them does not count.
 */
export function fingerprintOf(
	use: object,
	tensors: readonly PlacedTensor[],
): string {
	const hash = createHash("sha256").update(JSON.stringify(use));
	const total = tensors.reduce((n, { place }) => n + (place?.length ?? 0), 0);
	const files = new Map<string, number>();
	try {
		const sorted = [...tensors].sort((a, b) => (a.name < b.name ? -1 : 1));
		for (const { name, form, bytes, place } of sorted) {
			hash.update(`\n${JSON.stringify([name, form])}\n`);
			if (bytes) hash.update(bytes);
			if (!place) continue;
			const { file, offset, length } = place;
			const fd = files.get(file) ?? openSync(file, "r");
			files.set(file, fd);
			if (total <= WHOLE || length <= SMALL)
				for (let at = 0; at < length; at += PIECE)
					update(hash, fd, offset + at, Math.min(PIECE, length - at));
			else
				for (let i = 0; i < SAMPLES; i++) {
					const at = Math.round((i * (length - SAMPLE)) / (SAMPLES - 1));
					update(hash, fd, offset + at, SAMPLE);
				}
		}
	} finally {
		for (const fd of files.values()) closeSync(fd);
	}
	return hash.digest("hex");
}

function update(hash: Hash, fd: number, at: number, length: number): void {
	const bytes = Buffer.alloc(length);
	const n = readSync(fd, bytes, 0, bytes.length, at);
	hash.update(bytes.subarray(0, n));
}
