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

/** Writes a value as indented JSON, whole or not at all; typed arrays become lists. Makes the folder. */
export function saveJson(file: string, value: unknown): void {
	const plain = (_: string, v: unknown) =>
		ArrayBuffer.isView(v) && !(v instanceof DataView)
			? Array.from(v as Float32Array)
			: v;
	writeFileAtomic(file, `${JSON.stringify(value, plain, "\t")}\n`);
}
