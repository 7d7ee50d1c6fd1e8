import fs from "node:fs";

/** Counts the calls that change files, and ends the process at one of them: in the middle of it where it is a write. */
export function dieAt(call: number): void {
	let calls = 0;
	const die = () => process.kill(process.pid, "SIGKILL");
	const { writeSync, fsyncSync, renameSync, closeSync } = fs;
	const counted = <T extends unknown[], R>(real: (...given: T) => R) =>
		((...given: T) => {
			if (++calls === call) die();
			return real(...given);
		}) as typeof real;
	fs.fsyncSync = counted(fsyncSync);
	fs.renameSync = counted(renameSync);
	fs.closeSync = counted(closeSync);
	fs.writeSync = ((fd: number, bytes: Uint8Array, at: number, n: number) => {
		if (fd <= 2) return writeSync(fd, bytes);
		if (++calls === call) {
			writeSync(fd, bytes, at, n >> 1);
			die();
		}
		return writeSync(fd, bytes, at, n);
	}) as typeof writeSync;
}
