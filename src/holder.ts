import { createHash, randomUUID } from "node:crypto";
import {
	closeSync,
	openSync,
	readFileSync,
	readlinkSync,
	rmSync,
	statSync,
} from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { writeAll } from "./files";

/*
 * Who made a file, in its name. A process number says nothing by itself: two containers with one host name have numbers
 * of their own, and a number is given out again. So it stands beside the host, a mark of the boot and the namespace it
 * counts in, and the time its process started. Where any of these is another's, nobody here can be asked.
 */

/** A process, as it stands in the names of its files. */
export interface Holder {
	host: string;
	/** Of the boot and the PID namespace, 12 digits; "" where a name does not say, or the system does not. */
	space: string;
	pid: number;
	/** In ticks since the machine started; 0 where the system does not say. */
	start: number;
}

/** After so long without a sign a holder that cannot be asked counts as ended. In milliseconds. */
export const SILENCE = 15 * 60_000;

/** This process. */
export function thisProcess(): Holder {
	const start = startOf("self") ?? 0;
	return { host: hostname(), space: ownSpace(), pid: process.pid, start };
}

/** As a part of a file's name: host-space-pid-start. */
export function holderName({ host, space, pid, start }: Holder): string {
	return `${encodeURIComponent(host)}-${space || "unknown"}-${pid}-${start}`;
}

/** What `holderName` wrote; undefined for any other text. Older names, host-pid-start, have no space. */
export function readHolder(text: string): Holder | undefined {
	const match =
		/^(.*)-([0-9a-f]{12}|unknown)-(\d+)-(\d+)$/.exec(text) ??
		/^(.*)-()(\d+)-(\d+)$/.exec(text);
	if (!match) return undefined;
	const [, host, space, pid, start] = match;
	let decoded = host;
	try {
		decoded = decodeURIComponent(host);
	} catch {} // not a name that we wrote
	return {
		host: decoded,
		space: space === "unknown" ? "" : space,
		pid: Number(pid),
		start: Number(start),
	};
}

/** Whether a holder lives; undefined where it cannot be asked from here: another host, boot or PID namespace. */
export function lives(holder: Holder): boolean | undefined {
	const here = thisProcess();
	const askable = holder.space !== "" && holder.space === here.space;
	if (!askable || holder.host !== here.host) return undefined;
	if (!Number.isSafeInteger(holder.pid) || holder.pid < 1) return false;
	if (holder.pid === here.pid) return holder.start === here.start;
	try {
		process.kill(holder.pid, 0);
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
	}
	if (!holder.start || !procIsOurs()) return true;
	const start = startOf(String(holder.pid));
	return start === undefined || start === holder.start; // hidden ones live: they were just asked
}

let space: string | undefined;

function ownSpace(): string {
	space ??= findSpace();
	return space;
}

function findSpace(): string {
	if (process.platform !== "linux") return hashed(hostname()); // such systems have one space of numbers
	try {
		const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
		return hashed(`${boot} ${namespace("pid")} ${namespace("time")}`);
	} catch {
		return "";
	}
}

function hashed(text: string): string {
	return createHash("sha256").update(text).digest("hex").slice(0, 12);
}

function namespace(kind: "pid" | "time"): string {
	try {
		return readlinkSync(`/proc/self/ns/${kind}`);
	} catch (error) {
		if (kind === "time") return ""; // kernels before 5.6 have none
		throw error;
	}
}

/** Whether /proc counts processes as this one does: a new PID namespace may still show the old one's. */
function procIsOurs(): boolean {
	try {
		return readlinkSync("/proc/self") === String(process.pid);
	} catch {
		return false;
	}
}

/** When a process started, in ticks since the machine did; -1 where it has ended and waits for its parent. */
function startOf(pid: string): number | undefined {
	try {
		const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
		// The second field, the program's name in brackets, may hold blanks.
		const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
		return fields[0] === "Z" ? -1 : Number(fields[19]);
	} catch {
		return undefined;
	}
}

/**
 * For how long a file was not written to, by the clock of the file system it lies on: that of this machine may go wrong
 * by any time. In milliseconds; undefined where the file is gone. `folder` is where a file may be made to read it.
 */
export function silenceOf(file: string, folder: string): number | undefined {
	const now = clockOf(folder);
	const touched = statSync(file, { throwIfNoEntry: false });
	return touched && now - touched.mtimeMs;
}

function clockOf(folder: string): number {
	const probe = join(folder, `lock-clock-${randomUUID()}`);
	try {
		const fd = openSync(probe, "wx");
		try {
			writeAll(fd, "?");
		} finally {
			closeSync(fd);
		}
		return statSync(probe).mtimeMs;
	} catch {
		return Date.now();
	} finally {
		rmSync(probe, { force: true });
	}
}
