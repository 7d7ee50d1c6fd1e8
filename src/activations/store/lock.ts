import {
	closeSync,
	openSync,
	readdirSync,
	readFileSync,
	rmSync,
} from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { writeError } from "../../files";

/*
 * Each process puts up a file of its own name, and then looks whether another is up: two that start together see each
 * other and step back, so there is never more than one. A dead process's file can be removed by anyone at any time,
 * since no living one goes by its name: that is what taking over a single lock file cannot promise.
 */

/** How often two that met step back before one gives up. */
const TRIES = 5;

/** Whether a file's name is a lock's. */
export function isLock(name: string): boolean {
	return name.startsWith("lock-");
}

/**
 * Takes a folder for this process; the function that comes back gives it free. Locks of processes that have ended are
 * removed. Throws where another process has it, with its number.
 */
export async function lock(folder: string): Promise<() => void> {
	const own = nameOf(hostname(), process.pid, startOf(process.pid) ?? 0);
	for (let attempt = 1; ; attempt++) {
		putUp(folder, own);
		const other = readdirSync(folder).find(
			(name) => isLock(name) && name !== own && !removedAsDead(folder, name),
		);
		if (!other) return () => rmSync(join(folder, own), { force: true });
		rmSync(join(folder, own), { force: true });
		if (attempt === TRIES) throw taken(folder, other);
		await sleep(10 + 40 * Math.random());
	}
}

function putUp(folder: string, own: string): void {
	try {
		closeSync(openSync(join(folder, own), "wx"));
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code === "EEXIST")
			throw taken(folder, own);
		throw writeError(error, folder);
	}
}

function taken(folder: string, name: string): Error {
	const { host, pid } = partsOf(name);
	const elsewhere =
		host && host !== hostname()
			? ` on "${host}" (if that has ended, delete ${join(folder, name)})`
			: "";
	const who = pid === process.pid ? "This process" : `Process ${pid}`;
	return new Error(
		`${who}${pid === process.pid ? ` (${pid})` : elsewhere} is extracting to ${folder}: wait for it, or give another folder.`,
	);
}

function nameOf(host: string, pid: number, start: number): string {
	return `lock-${encodeURIComponent(host)}-${pid}-${start}`;
}

function partsOf(name: string): { host?: string; pid: number; start: number } {
	const [, host, pid, start] = /^lock-(.*)-(\d+)-(\d+)$/.exec(name) ?? [];
	if (host === undefined) return { pid: 0, start: 0 };
	let decoded = host;
	try {
		decoded = decodeURIComponent(host);
	} catch {} // not a name that we wrote
	return { host: decoded, pid: Number(pid), start: Number(start) };
}

/** Removes a lock whose process has ended; one of another machine is left, since it cannot be asked. */
function removedAsDead(folder: string, name: string): boolean {
	const { host, pid, start } = partsOf(name);
	if (host !== hostname() || lives(pid, start)) return false;
	rmSync(join(folder, name), { force: true });
	return true;
}

/** Another process may have got the number of one that has ended: it started at another time. */
function lives(pid: number, start: number): boolean {
	const now = startOf(pid);
	if (now !== undefined || startOf(process.pid) !== undefined)
		return now === start;
	try {
		process.kill(pid, 0);
		return true;
	} catch (error) {
		return (error as NodeJS.ErrnoException).code === "EPERM";
	}
}

/** When a living process started, in ticks since the machine did; undefined where the system does not say. */
function startOf(pid: number): number | undefined {
	try {
		const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
		// The second field, the program's name in brackets, may hold blanks.
		const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
		return fields[0] === "Z" ? undefined : Number(fields[19]);
	} catch {
		return undefined;
	}
}
