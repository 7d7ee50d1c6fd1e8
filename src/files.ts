import { randomUUID } from "node:crypto";
import {
	closeSync,
	fsyncSync,
	mkdirSync,
	openSync,
	renameSync,
	rmSync,
	writeSync,
} from "node:fs";
import { dirname } from "node:path";

/** What the parts of `writeFileAtomic` end in; one that is left behind is of a process that was killed. */
const PART = /\.[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.part$/;

/**
 * Writes a file whole or not at all: to a neighbour first, forced to the disk, then renamed into place. Makes the
 * folder. Content in pieces is written piece by piece, each gone before the next is asked for.
 * Throws one sentence where the disk is full or the folder cannot be written to.
 */
export function writeFileAtomic(
	file: string,
	content: string | Uint8Array | Iterable<string | Uint8Array>,
): void {
	const pieces =
		typeof content === "string" || content instanceof Uint8Array
			? [content]
			: content;
	const part = `${file}.${randomUUID()}.part`;
	try {
		mkdirSync(dirname(file), { recursive: true });
		const fd = openSync(part, "wx");
		try {
			for (const piece of pieces) writeAll(fd, piece);
			fsyncSync(fd);
		} finally {
			closeSync(fd);
		}
		renameSync(part, file);
	} catch (error) {
		try {
			rmSync(part, { force: true });
		} catch {} // where it could not even be made: the first error says why
		throw writeError(error, file);
	}
}

/** The name of the file that a left-over part was to become, undefined where a name is not a part's. */
export function ofPart(name: string): string | undefined {
	return PART.test(name) ? name.replace(PART, "") : undefined;
}

/** Adds bytes at the end of a file and forces them to the disk. Throws as `writeFileAtomic` does. */
export function appendToFile(file: string, text: string): void {
	try {
		const fd = openSync(file, "a");
		try {
			writeAll(fd, text);
			fsyncSync(fd);
		} finally {
			closeSync(fd);
		}
	} catch (error) {
		throw writeError(error, file);
	}
}

/** Writes a value as indented JSON, whole or not at all; typed arrays become lists. Makes the folder. */
export function saveJson(file: string, value: unknown): void {
	const plain = (_: string, v: unknown) =>
		ArrayBuffer.isView(v) && !(v instanceof DataView)
			? Array.from(v as Float32Array)
			: v;
	writeFileAtomic(file, `${JSON.stringify(value, plain, "\t")}\n`);
}

/** The error of a failed write as one sentence; one that is no error of the system stays as it is. */
export function writeError(error: unknown, file: string): unknown {
	const { code } = error as NodeJS.ErrnoException;
	const why = code && reasons[code];
	if (!why) return error;
	return Object.assign(
		new Error(`${file} cannot be written: ${why}.`, { cause: error }),
		{ code },
	);
}

const full = (what: string) =>
	`${what}; make room, or give another place, and call again`;
const denied =
	"this user may not write there; give a folder that is yours to write to";
const reasons: Record<string, string> = {
	ENOSPC: full("the disk is full"),
	EDQUOT: full("the quota of disk space is used up"),
	EFBIG: full("it would grow beyond the largest file that is allowed here"),
	EROFS: "that file system is read-only; give another place",
	EACCES: denied,
	EPERM: denied,
	ENOTDIR: "a part of its path is a file, where a folder was expected",
	EEXIST: "a part of its path is a file, where a folder was expected",
	EISDIR: "a folder has that name",
	ENAMETOOLONG: "its name is too long; give a shorter one",
};

/** Writes all of it to an open file, however often the system stops half-way. */
export function writeAll(fd: number, piece: string | Uint8Array): void {
	const bytes = typeof piece === "string" ? Buffer.from(piece) : piece;
	for (let at = 0; at < bytes.length; )
		at += writeSync(fd, bytes, at, Math.min(bytes.length - at, 1 << 30));
}
