import { createHash, randomUUID } from "node:crypto";
import {
	closeSync,
	openSync,
	readdirSync,
	renameSync,
	rmSync,
	statSync,
} from "node:fs";
import { basename, join } from "node:path";
import { lives, silenceOf, thisProcess } from "../holder";
import { patience } from "./retry";

/**
 * Partial files: blobs/<etag>.<time>-<random>-<process>-<computer>_<start>.incomplete. Each belongs to one download at a time, by
 * its name; who takes one over renames it, which only one can. As the etag names the content, whatever two downloads
 * write into one file is the same; and a file becomes a blob only after its content was checked.
 */
const SUFFIX = ".incomplete";

/** The parts that downloads of this process write. */
const mine = new Set<string>();

/** Where and when this process began: a number alone may be another's, in another container or later. */
function own(): string {
	const { host, space, start } = thisProcess();
	return `${computer(host, space)}_${start}`;
}

function computer(host: string, space: string): string {
	const where = createHash("sha256").update(`${host} ${space}`);
	return where.digest("hex").slice(0, 12);
}

/**
 * The partial file that this download may write: one that was left behind, or a fresh one. Undefined while another
 * download of the same blob is at work.
 */
export function takePart(blobs: string, etag: string): string | undefined {
	const found = parts(blobs, etag);
	const busy = found.filter((name) => !isAbandoned(blobs, name));
	if (busy.length) return undefined;
	const best = found
		.map((name) => ({ name, size: sizeOf(join(blobs, name)) }))
		.sort((a, b) => b.size - a.size);
	const name = `${etag}.${Date.now().toString(36)}-${randomUUID().slice(0, 8)}-${process.pid}-${own()}${SUFFIX}`;
	const path = join(blobs, name);
	mine.add(name);
	try {
		if (!best.length) closeSync(openSync(path, "wx"));
		else renameSync(join(blobs, best[0].name), path);
	} catch (error) {
		mine.delete(name);
		if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined; // another was faster
		throw error;
	}
	for (const { name } of best.slice(1))
		rmSync(join(blobs, name), { force: true });
	if (!yields(blobs, etag, name)) return path;
	mine.delete(name);
	if (!best.length) rmSync(path, { force: true });
	else releasePart(path);
	return undefined;
}

/** Leaves a partial file for whoever comes next. */
export function releasePart(path: string): void {
	mine.delete(basename(path));
	try {
		if (statSync(path).size === 0) rmSync(path);
		else renameSync(path, path.replace(/-\d+-(\w+\.incomplete)$/, "-0-$1"));
	} catch {} // it is gone, or it is found again by its age
}

/** Ends the ownership of a partial file that has become a blob. */
export function donePart(path: string): void {
	mine.delete(basename(path));
}

/** How many bytes another download of the blob has. */
export function bytesElsewhere(blobs: string, etag: string): number {
	return Math.max(
		0,
		...parts(blobs, etag).map((name) => sizeOf(join(blobs, name))),
	);
}

function parts(blobs: string, etag: string): string[] {
	return readdirSync(blobs).filter(
		(name) =>
			name.startsWith(`${etag}.`) &&
			/^[0-9a-z]+-\w+-\d+-\w+\.incomplete$/.test(name.slice(etag.length + 1)),
	);
}

/** Of two downloads that began at the same moment, the later one by name gives way. */
function yields(blobs: string, etag: string, name: string): boolean {
	return parts(blobs, etag).some(
		(other) => other < name && !isAbandoned(blobs, other),
	);
}

function isAbandoned(blobs: string, name: string): boolean {
	const [, number, place, start] =
		/-(\d+)-(\w+?)(?:_(\d+))?\.incomplete$/.exec(name) ?? [];
	const pid = Number(number);
	if (pid === 0) return true;
	const { host, space } = thisProcess();
	if (start !== undefined && place === computer(host, space)) {
		if (`${place}_${start}` === own() && pid === process.pid)
			return !mine.has(name);
		if (lives({ host, space, pid, start: Number(start) }) === false)
			return true;
	}
	const silence = silenceOf(join(blobs, name), blobs);
	return silence === undefined || silence > patience.quiet_ms;
}

function sizeOf(path: string): number {
	return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
