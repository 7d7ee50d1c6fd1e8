import { createHash } from "node:crypto";
import { closeSync, openSync, readSync, statSync } from "node:fs";
import type { Sentences, Split } from "../../dataset";

/** Bytes that are written or read at once. */
const PIECE = 1 << 20;

/** sentences.jsonl in pieces: a line a sentence, with its text, labels, offsets, split and group. */
export function* sentenceLines({
	text,
	labels,
	offsets,
	split,
	group,
}: Sentences): Generator<string> {
	const of = <T>(columns: Record<string, ArrayLike<T>>, i: number) =>
		Object.fromEntries(
			Object.entries(columns).map(([name, column]) => [name, column[i]]),
		);
	let piece = "";
	for (let i = 0; i < text.length; i++) {
		const line = {
			text: text[i],
			labels: of(labels, i),
			offsets: of(offsets, i),
			...(split && { split: split[i] }),
			...(group && { group: group[i] }),
		};
		piece += `${JSON.stringify(line)}\n`;
		if (piece.length < PIECE) continue;
		yield piece;
		piece = "";
	}
	yield piece;
}

/** SHA-256 of sentences.jsonl. */
export function sentencesHash(sentences: Sentences): string {
	const hash = createHash("sha256");
	for (const piece of sentenceLines(sentences)) hash.update(piece);
	return hash.digest("hex");
}

/** The sentences of a store. Throws where the file is missing or is not the one that was written. */
export function readSentences(
	file: string,
	known: { name: string; count: number; sha256: string },
): Sentences {
	const hash = createHash("sha256");
	const text: string[] = [];
	const labels: Record<string, string[]> = {};
	const offsets: Record<string, Uint32Array> = {};
	const split: Split[] = [];
	const group: string[] = [];
	try {
		if (statSync(file).size < known.count) throw new Error("it is cut off");
		for (const line of lines(file, hash)) {
			const i = text.length;
			if (i === known.count) throw new Error("too many lines");
			const one = JSON.parse(line);
			text.push(one.text);
			for (const [name, label] of Object.entries(one.labels)) {
				if (i === 0) define(labels, name, []);
				labels[name].push(label as string);
			}
			for (const [name, offset] of Object.entries(one.offsets)) {
				if (i === 0) define(offsets, name, new Uint32Array(known.count));
				offsets[name][i] = offset as number;
			}
			if (one.split) split.push(one.split);
			if (one.group !== undefined) group.push(one.group);
		}
	} catch (error) {
		throw damaged(file, (error as Error).message);
	}
	if (text.length !== known.count || hash.digest("hex") !== known.sha256)
		throw damaged(file, "its checksum differs");
	return {
		kind: "sentences",
		name: known.name,
		text,
		labels,
		offsets,
		...(split.length > 0 && { split }),
		...(group.length > 0 && { group }),
	};
}

/** A column of any name, "__proto__" included. */
function define<T>(columns: Record<string, T>, name: string, value: T): void {
	Object.defineProperty(columns, name, {
		value,
		enumerable: true,
		writable: true,
		configurable: true,
	});
}

function damaged(file: string, why: string): Error {
	return new Error(
		`${file} is missing or damaged (${why}): delete that file and extract again with the same arguments; only that file is written again.`,
	);
}

/** The lines of a file, read piece by piece; what is read goes through the hash. */
function* lines(
	file: string,
	hash: { update(bytes: Uint8Array): unknown },
): Generator<string> {
	const fd = openSync(file, "r");
	try {
		const piece = Buffer.alloc(PIECE);
		let rest: Buffer[] = [];
		for (;;) {
			const n = readSync(fd, piece, 0, PIECE, null);
			if (n === 0) break;
			hash.update(piece.subarray(0, n));
			let from = 0;
			for (;;) {
				const end = piece.subarray(0, n).indexOf(10, from);
				if (end < 0) break;
				yield Buffer.concat([...rest, piece.subarray(from, end)]).toString();
				rest = [];
				from = end + 1;
			}
			rest.push(Buffer.from(piece.subarray(from, n)));
		}
		if (rest.some(({ length }) => length > 0)) throw new Error("it is cut off");
	} finally {
		closeSync(fd);
	}
}
