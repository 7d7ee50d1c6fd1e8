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
import type { Settled } from "./settled";

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

/**
 * Writes a value as indented JSON, whole or not at all. Makes the folder. Typed arrays and sets become lists, maps objects.
 * JSON has no words for NaN and the infinities and no room for a BigInt: they become the texts "NaN", "Infinity",
 * "-Infinity" and the digits, all of which Python's `float` and `int` and JavaScript's `Number` and `BigInt` read.
 *
 * Throws where there is nothing to write, on a promise anywhere, and where a value holds itself.
 */
export function saveJson<T>(file: string, value: Settled<T>): void {
	let text: string | undefined;
	try {
		text = JSON.stringify(value, plain, "\t");
	} catch (error) {
		if (!/circular/i.test((error as Error).message)) throw error;
		throw new Error(
			`${file} is not written: the value holds itself somewhere, which JSON cannot say; give a copy of the fields that matter.`,
		);
	}
	if (text === undefined)
		throw new Error(
			`${file} is not written: saveJson was given ${typeof value === "undefined" ? "nothing" : `a ${typeof value}`}, where a value was expected.`,
		);
	writeFileAtomic(file, `${text}\n`);
}

/** A value as JSON has it, where JSON.stringify would say something else without a word. */
function plain(key: string, value: unknown): unknown {
	if (typeof value === "number" && !Number.isFinite(value))
		return String(value);
	if (typeof value === "bigint") return String(value);
	if (value instanceof Promise)
		throw new Error(
			`${key ? `The field ${key}` : "What saveJson was given"} is a promise: put await before it.`,
		);
	if (ArrayBuffer.isView(value) && !(value instanceof DataView))
		return Array.from(value as Float32Array);
	if (value instanceof Set) return [...value];
	if (value instanceof Map) return fieldsOf(key, value);
	return value;
}

function fieldsOf(key: string, map: Map<unknown, unknown>): object {
	const isName = (k: unknown) => typeof k === "string" || typeof k === "number";
	if (![...map.keys()].every(isName))
		throw new Error(
			`${key ? `The field ${key}` : "What saveJson was given"} is a Map whose keys are not all texts or numbers, which JSON cannot say: give its entries, [...map].`,
		);
	return Object.fromEntries(map);
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

/** A name without the folders of the machine that it was written on: those of older versions may be paths. */
export function withoutPath(name: string): string {
	const isPath = /^([/\\~.]|[a-zA-Z]:[/\\])|\\|\/.*\//.test(name);
	return isPath ? (name.split(/[/\\]/).filter(Boolean).at(-1) ?? name) : name;
}

/** The name of a data set, which may be that of several files with commas between them, without their folders. */
export function withoutPaths(name: string): string {
	return name.split(", ").map(withoutPath).join(", ");
}
