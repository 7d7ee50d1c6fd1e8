import zlib from "node:zlib";
import type { Compressors } from "hyparquet";
import { checkRoom, noMemory } from "../kernels";

/** The compressions whose pages can be read. */
export const readableCodecs = [
	"UNCOMPRESSED",
	"SNAPPY",
	"GZIP",
	"BROTLI",
	"ZSTD",
	"LZ4",
	"LZ4_RAW",
];

/** No page is larger: what a broken or hostile file claims is not allocated. */
const LARGEST_PAGE = 2 ** 29;

let loaded: Promise<Compressors> | undefined;

/**
 * The decompressors of Parquet's pages, the same with every version of Node. Each gives at most as many bytes as the
 * page's header says; hyparquet refuses a page that has fewer.
 */
export function compressors(): Promise<Compressors> {
	loaded ??= load();
	return loaded;
}

async function load(): Promise<Compressors> {
	const { snappyUncompress } = await import("hyparquet");
	const { ZSTDDecoder } = await import("zstddec");
	const zstd = new ZSTDDecoder();
	checkRoom(2); // its own, and that of Node.js's fetch
	await zstd.init().catch((error) => {
		throw noMemory(error);
	});
	const all: Compressors = {
		SNAPPY: (bytes, length) => {
			const output = new Uint8Array(length);
			snappyUncompress(bytes, output);
			return output;
		},
		GZIP: (bytes, length) =>
			new Uint8Array(zlib.gunzipSync(bytes, { maxOutputLength: length })),
		BROTLI: (bytes, length) =>
			new Uint8Array(
				zlib.brotliDecompressSync(bytes, { maxOutputLength: length }),
			),
		ZSTD: (bytes, length) => zstd.decode(bytes, length),
		LZ4: (bytes, length) => hadoopLz4(bytes, length) ?? lz4(bytes, length),
		LZ4_RAW: lz4,
	};
	return Object.fromEntries(
		Object.entries(all).map(([codec, unpack]) => [codec, bounded(unpack)]),
	);
}

type Unpack = (bytes: Uint8Array, length: number) => Uint8Array;

function bounded(unpack: Unpack): Unpack {
	return (bytes, length) => {
		if (!(length >= 0 && length <= LARGEST_PAGE))
			throw new Error(`a page claims to have ${length} bytes`);
		return length === 0 ? new Uint8Array() : unpack(bytes, length);
	};
}

/**
 * A block of LZ4 (its block format): sequences of a token, literals, and a copy from what was written before, of which
 * the last has no copy. Throws where it does not fill the output, which hyparquet-compressors (1.1.2) leaves as zeros.
 */
function lz4(bytes: Uint8Array, length: number): Uint8Array {
	const output = new Uint8Array(length);
	let from = 0;
	let to = 0;
	const more = (low: number) => {
		let count = low;
		for (let byte = 255; low === 15 && byte === 255; count += byte)
			byte = bytes[from++] ?? broken();
		return count;
	};
	while (from < bytes.length) {
		const token = bytes[from++];
		const literals = more(token >> 4);
		if (from + literals > bytes.length || to + literals > length) broken();
		output.set(bytes.subarray(from, from + literals), to);
		from += literals;
		to += literals;
		if (from === bytes.length) break;
		const back = bytes[from++] | ((bytes[from++] ?? broken()) << 8);
		const copied = more(token & 15) + 4;
		if (back === 0 || back > to || to + copied > length) broken();
		for (const end = to + copied; to < end; to++)
			output[to] = output[to - back];
	}
	return to === length ? output : broken();
}

/** Blocks of LZ4 as Hadoop frames them, each behind its two lengths; undefined where the bytes are not framed so. */
function hadoopLz4(bytes: Uint8Array, length: number): Uint8Array | undefined {
	const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
	const output = new Uint8Array(length);
	let to = 0;
	for (let from = 0; from < bytes.length; ) {
		if (from + 8 > bytes.length) return undefined;
		const unpacked = view.getUint32(from);
		const packed = view.getUint32(from + 4);
		from += 8;
		if (from + packed > bytes.length || to + unpacked > length)
			return undefined;
		try {
			output.set(lz4(bytes.subarray(from, from + packed), unpacked), to);
		} catch {
			return undefined;
		}
		from += packed;
		to += unpacked;
	}
	return to === length ? output : undefined;
}

function broken(): never {
	throw new Error("a page compressed with LZ4 is broken");
}
