import { createHash, webcrypto } from "node:crypto";
import { closeSync, openSync, readSync, type Stats, statSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { openSafetensors, type TensorEntry } from "../../formats/safetensors";
import type { Shard } from "./format";

/** A tensor of a shard: [rows] or [rows, width]. */
export interface Wanted {
	name: string;
	dtype: "F32" | "F16" | "U32" | "U16";
	width?: number;
}

/** The tensors of shards whose checksums were compared in this process. */
const compared = new Set<string>();

/** Node reads at most 2 GiB at once. */
const MAX_READ = 1 << 30;

/**
 * The bytes of one tensor of a shard. The first time in a process they are compared with their checksum.
 * Throws one sentence where the shard is missing or damaged.
 */
export async function readBytes(
	folder: string,
	shard: Shard,
	wanted: Wanted,
): Promise<ArrayBuffer> {
	const { file, entry, key } = locate(folder, shard, wanted);
	const bytes = new Uint8Array(entry.length);
	const handle = await open(file, "r");
	try {
		for (let at = 0; at < bytes.length; ) {
			const want = Math.min(bytes.length - at, MAX_READ);
			const { bytesRead } = await handle.read(
				bytes,
				at,
				want,
				entry.offset + at,
			);
			if (bytesRead === 0) throw damaged(folder, shard, "it is cut off");
			at += bytesRead;
		}
	} finally {
		await handle.close();
	}
	if (!compared.has(key)) {
		// On a thread of its own: whoever eats the rows before these is not kept waiting.
		const digest = await webcrypto.subtle.digest("SHA-256", bytes);
		compare(
			folder,
			shard,
			wanted.name,
			key,
			Buffer.from(digest).toString("hex"),
		);
	}
	return bytes.buffer;
}

/** The same, at once. */
export function readBytesSync(
	folder: string,
	shard: Shard,
	wanted: Wanted,
): ArrayBuffer {
	const { file, entry, key } = locate(folder, shard, wanted);
	const bytes = new Uint8Array(entry.length);
	const fd = openSync(file, "r");
	try {
		for (let at = 0; at < bytes.length; ) {
			const want = Math.min(bytes.length - at, MAX_READ);
			const got = readSync(fd, bytes, at, want, entry.offset + at);
			if (got === 0) throw damaged(folder, shard, "it is cut off");
			at += got;
		}
	} finally {
		closeSync(fd);
	}
	if (!compared.has(key)) {
		const digest = createHash("sha256").update(bytes).digest("hex");
		compare(folder, shard, wanted.name, key, digest);
	}
	return bytes.buffer;
}

/** Where a tensor lies. A header that is not what was written is found out here, before anything is allocated. */
function locate(folder: string, shard: Shard, wanted: Wanted) {
	const { name, dtype, width } = wanted;
	const file = join(folder, shard.file);
	let stats: Stats;
	let entry: TensorEntry | undefined;
	try {
		stats = statSync(file);
		if (stats.size !== shard.bytes)
			throw new Error(`it has ${stats.size} bytes of ${shard.bytes}`);
		entry = openSafetensors(file).tensors.get(name);
	} catch (error) {
		throw damaged(folder, shard, (error as Error).message.replace(/\.$/, ""));
	}
	const shape = width === undefined ? [shard.rows] : [shard.rows, width];
	if (entry?.dtype !== dtype || entry.shape.join() !== shape.join())
		throw damaged(folder, shard, `its header is wrong at "${name}"`);
	return {
		file,
		entry,
		key: `${file}\n${name}\n${stats.ino} ${stats.mtimeMs}`,
	};
}

function compare(
	folder: string,
	shard: Shard,
	name: string,
	key: string,
	digest: string,
): void {
	if (digest !== shard.sha256[name])
		throw damaged(folder, shard, `its checksum differs at "${name}"`);
	compared.add(key);
}

export function damaged(folder: string, { file }: Shard, why: string): Error {
	return new Error(
		`The shard ${join(folder, file)} is missing or damaged (${why}): delete that file and extract again with the same arguments; only that shard is computed again.`,
	);
}
