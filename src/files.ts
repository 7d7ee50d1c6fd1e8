import { randomUUID } from "node:crypto";
import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

/** Writes a file whole or not at all: to a neighbour first, then renamed into place. Makes the folder. */
export function writeFileAtomic(
	file: string,
	content: string | Uint8Array,
): void {
	mkdirSync(dirname(file), { recursive: true });
	const part = `${file}.${randomUUID()}.part`;
	try {
		writeFileSync(part, content);
		renameSync(part, file);
	} catch (error) {
		rmSync(part, { force: true });
		throw error;
	}
}
