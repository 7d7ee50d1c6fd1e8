import {
	closeSync,
	existsSync,
	openSync,
	readdirSync,
	readFileSync,
	rmSync,
	statSync,
	writeSync,
} from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { writeAll, writeError } from "../../files";
import {
	holderName,
	lives,
	readHolder,
	SILENCE,
	silenceOf,
	thisProcess,
} from "../../holder";

/*
 * Each process puts up a file of its own name, and then looks whether another is up: two that start together see each
 * other and step back, so there is never more than one. A dead process's file can be removed by anyone at any time,
 * since no living one goes by its name: that is what taking over a single lock file cannot promise.
 * A process of another host or PID namespace cannot be asked whether it lives. It writes its file anew twice a minute,
 * and counts as ended when it has not for long; one that was only held up sees that its file is gone, and stops.
 */

/** How often two that met step back before one gives up. */
const TRIES = 5;
/** In milliseconds. */
const SIGN_EVERY = 30_000;

/** A folder that this process has. */
export interface Hold {
	/** Throws where another process has taken the folder over; before each write. */
	check(): void;
	free(): void;
}

/** Whether a file's name is a lock's. */
export function isLock(name: string): boolean {
	return name.startsWith("lock-");
}

/**
 * Takes a folder for this process. Locks of processes that have ended are removed. Throws where another process has it,
 * with its number, since when, and what to do where it has ended.
 */
export async function lock(folder: string): Promise<Hold> {
	const own = `lock-${holderName(thisProcess())}`;
	for (let attempt = 1; ; attempt++) {
		putUp(folder, own);
		const other = readdirSync(folder).find(
			(name) => isHeld(name) && name !== own && !removedAsDead(folder, name),
		);
		if (!other) return hold(folder, own);
		const error = taken(folder, other);
		rmSync(join(folder, own), { force: true });
		if (attempt === TRIES) throw error;
		await sleep(10 + 40 * Math.random());
	}
}

function hold(folder: string, own: string): Hold {
	const file = join(folder, own);
	const signs = setInterval(() => giveSign(file), SIGN_EVERY).unref();
	return {
		check() {
			if (!existsSync(file))
				throw new Error(
					`Another process has taken over ${folder}, since this one gave no sign for long: this extraction has stopped, and what was whole stays; run it again when the other has ended.`,
				);
		},
		free() {
			clearInterval(signs);
			rmSync(file, { force: true });
		},
	};
}

/** The file system says when it was written to; one that is gone is not made again. */
function giveSign(file: string): void {
	try {
		const fd = openSync(file, "r+");
		try {
			writeSync(fd, readFileSync(file), 0, null, 0);
		} finally {
			closeSync(fd);
		}
	} catch {} // `check` tells of it
}

function putUp(folder: string, own: string): void {
	try {
		const fd = openSync(join(folder, own), "wx");
		try {
			writeAll(fd, new Date().toISOString());
		} finally {
			closeSync(fd);
		}
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code === "EEXIST")
			throw taken(folder, own);
		throw writeError(error, folder);
	}
}

/** Files that read the file system's clock are up for a moment only. */
function isHeld(name: string): boolean {
	return isLock(name) && !name.startsWith("lock-clock-");
}

function taken(folder: string, name: string): Error {
	const file = join(folder, name);
	const holder = holderOf(name);
	const todo = `is extracting to ${folder}: wait for it, or give another folder.`;
	if (name === `lock-${holderName(thisProcess())}`)
		return new Error(`This process (${process.pid}) ${todo}`);
	if (!holder)
		return new Error(`Somebody (if they have ended, delete ${file}) ${todo}`);
	const { host, pid } = holder;
	const there =
		host !== thisProcess().host
			? `on "${host}"`
			: "of another container or boot";
	const elsewhere =
		lives(holder) === undefined
			? ` ${there} (if that has ended, delete ${file}${since(file)})`
			: "";
	return new Error(`Process ${pid}${elsewhere} ${todo}`);
}

/** Since when, where the lock says it. */
function since(file: string): string {
	try {
		if (statSync(file).size > 100) return "";
		const text = readFileSync(file, "utf8");
		return /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(text)
			? `; it began at ${text.slice(0, 19).replace("T", " ")} UTC`
			: "";
	} catch {
		return "";
	}
}

function holderOf(name: string) {
	return readHolder(name.slice("lock-".length));
}

/** Removes a lock whose process has ended, or cannot be asked and has given no sign for long. */
function removedAsDead(folder: string, name: string): boolean {
	const holder = holderOf(name);
	if (!holder) return false;
	const alive = lives(holder);
	if (alive) return false;
	const file = join(folder, name);
	if (alive === undefined) {
		if (!givesSigns(name)) return false;
		const silence = silenceOf(file, folder);
		if (silence !== undefined && silence < SILENCE) return false;
	}
	rmSync(file, { force: true });
	return true;
}

/** Older versions did not, and their locks say no space. */
function givesSigns(name: string): boolean {
	return /-([0-9a-f]{12}|unknown)-\d+-\d+$/.test(name);
}
