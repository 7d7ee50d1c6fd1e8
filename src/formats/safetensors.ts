import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { writeFileAtomic } from "../files";
import { nearNames } from "../suggest";
import { fromBfloat16, fromFloat16 } from "./half";

/** Where one tensor lies in a `.safetensors` file. */
export interface TensorEntry {
	/** As the file names it: "F32", "F16", "BF16", "I64", "BOOL", … */
	dtype: string;
	shape: number[];
	/** In bytes, from the start of the file. */
	offset: number;
	/** In bytes. */
	length: number;
}

/** The header of a `.safetensors` file; the numbers stay in the file. */
export interface SafetensorsFile {
	file: string;
	tensors: Map<string, TensorEntry>;
	metadata: Record<string, string>;
}

/** The format's own limit on the header, in bytes. */
const MAX_HEADER = 100_000_000;
/** Node reads at most 2 GiB at once. */
const MAX_READ = 1 << 30;

const bytesPerElement: Record<string, number> = {
	BOOL: 1,
	U8: 1,
	I8: 1,
	F8_E4M3: 1,
	F8_E5M2: 1,
	I16: 2,
	U16: 2,
	F16: 2,
	BF16: 2,
	I32: 4,
	U32: 4,
	F32: 4,
	I64: 8,
	U64: 8,
	F64: 8,
};

/**
 * Reads and checks the header of a `.safetensors` file (https://github.com/huggingface/safetensors#format).
 * Throws one sentence where the file is missing, truncated or corrupt, or where tensors overlap.
 */
export function openSafetensors(file: string): SafetensorsFile {
	const fd = open(file);
	try {
		const size = fstatSync(fd).size;
		if (size < 8)
			throw broken(
				file,
				`has ${size} bytes, too few to hold a header; it is probably truncated`,
			);
		const prefix = Buffer.alloc(8);
		readSync(fd, prefix, 0, 8, 0);
		const headerBytes = prefix.readBigUInt64LE();
		if (headerBytes > MAX_HEADER)
			throw broken(
				file,
				`announces a header of ${headerBytes} bytes, where at most ${MAX_HEADER} are allowed; it is corrupt or not a safetensors file`,
			);
		const start = 8 + Number(headerBytes);
		if (start > size)
			throw broken(
				file,
				`announces a header of ${headerBytes} bytes but has only ${size - 8} after the announcement; it is truncated`,
			);
		const header = Buffer.alloc(Number(headerBytes));
		readSync(fd, header, 0, header.length, 8);
		return parse(file, header, start, size);
	} finally {
		closeSync(fd);
	}
}

/**
 * The numbers of one tensor, row-major; F16 and BF16 become float32, F64 is rounded to it.
 * Throws where the file has no such tensor or its type is not one of F32, F64, F16, BF16.
 */
export function readTensor(from: SafetensorsFile, name: string): Float32Array {
	const entry = from.tensors.get(name);
	if (!entry) {
		const near = nearNames(name, from.tensors.keys()).join(", ");
		throw broken(from.file, `has no tensor "${name}"; near names are ${near}`);
	}
	if (entry.dtype === "F32")
		return new Float32Array(readBytes(from.file, entry).buffer);
	if (entry.dtype === "F64")
		return Float32Array.from(
			new Float64Array(readBytes(from.file, entry).buffer),
		);
	if (entry.dtype !== "F16" && entry.dtype !== "BF16")
		throw broken(
			from.file,
			`holds "${name}" as ${entry.dtype}, where F32, F64, F16 or BF16 can be read`,
		);
	const halves = new Uint16Array(readBytes(from.file, entry).buffer);
	return entry.dtype === "BF16" ? fromBfloat16(halves) : fromFloat16(halves);
}

/** The whole numbers of one tensor, row-major. Throws where the file has no such tensor or its type is not U32. */
export function readWholeNumbers(
	from: SafetensorsFile,
	name: string,
): Uint32Array {
	const entry = from.tensors.get(name);
	if (entry?.dtype !== "U32")
		throw broken(
			from.file,
			`${entry ? `holds "${name}" as ${entry.dtype}` : `has no tensor "${name}"`}, where U32 was expected`,
		);
	return new Uint32Array(readBytes(from.file, entry).buffer);
}

/** Numbers to write: F32, U32 or U16 by their array, where no dtype says otherwise. */
export interface TensorToWrite {
	shape: number[];
	data: Float32Array | Uint32Array | Uint16Array;
	/** "F16" for a Uint16Array that holds halves. */
	dtype?: "F16";
}

/**
 * Writes tensors in the order given, whole or not at all; nothing is copied. Returns the number of bytes written.
 * Throws where a shape does not fit its numbers, and where the file cannot be written.
 */
export function writeSafetensors(
	file: string,
	tensors: Record<string, TensorToWrite>,
	metadata?: Record<string, string>,
): number {
	const described = Object.entries(tensors).map(([name, tensor]) => {
		const { shape, data, dtype = dtypeOf(data) } = tensor;
		if (product(shape) !== data.length)
			throw new Error(
				`The tensor "${name}" has ${data.length} numbers, but its shape [${shape}] needs ${product(shape)}.`,
			);
		return { name, shape, dtype };
	});
	const header = safetensorsHeader(described, metadata);
	const parts = Object.values(tensors).map(({ data }) => bytesOf(data));
	writeFileAtomic(file, [header, ...parts]);
	return parts.reduce((n, part) => n + part.length, header.length);
}

/** What stands at the beginning of a file whose tensors follow one another in this order. */
export function safetensorsHeader(
	tensors: Iterable<{ name: string; shape: number[]; dtype: string }>,
	metadata?: Record<string, string>,
): Uint8Array {
	const entries: [string, unknown][] = metadata
		? [["__metadata__", metadata]]
		: [];
	let end = 0;
	for (const { name, shape, dtype } of tensors) {
		const data_offsets = [end, end + product(shape) * bytesPerElement[dtype]];
		end = data_offsets[1];
		entries.push([name, { dtype, shape, data_offsets }]);
	}
	const json = Buffer.from(JSON.stringify(Object.fromEntries(entries)));
	const padded = Math.ceil(json.length / 8) * 8; // the numbers begin at a multiple of 8
	const header = Buffer.alloc(8 + padded, " ");
	header.writeBigUInt64LE(BigInt(padded));
	json.copy(header, 8);
	return header;
}

/** The same memory as bytes. */
export function bytesOf(data: ArrayBufferView): Uint8Array {
	return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

function dtypeOf(data: TensorToWrite["data"]): string {
	if (data instanceof Float32Array) return "F32";
	return data instanceof Uint32Array ? "U32" : "U16";
}

function parse(
	file: string,
	header: Buffer,
	start: number,
	size: number,
): SafetensorsFile {
	let json: unknown;
	try {
		json = JSON.parse(header.toString("utf8"));
	} catch {
		throw broken(file, "has a header that is not valid JSON; it is corrupt");
	}
	if (!isRecord(json))
		throw broken(file, "has a header that is not a JSON object; it is corrupt");
	const tensors = new Map<string, TensorEntry>();
	let metadata: Record<string, string> = {};
	for (const [name, value] of Object.entries(json)) {
		if (name === "__metadata__") {
			if (isRecord(value)) metadata = value as Record<string, string>;
		} else tensors.set(name, checkEntry(file, name, value, start, size));
	}
	refuseOverlaps(file, tensors);
	return { file, tensors, metadata };
}

function checkEntry(
	file: string,
	name: string,
	value: unknown,
	start: number,
	size: number,
): TensorEntry {
	const { dtype, shape, data_offsets } = isRecord(value) ? value : {};
	if (
		typeof dtype !== "string" ||
		!isCounts(shape) ||
		!isCounts(data_offsets) ||
		data_offsets.length !== 2 ||
		data_offsets[0] > data_offsets[1]
	)
		throw broken(
			file,
			`describes the tensor "${name}" wrongly (a dtype, a shape and two data_offsets were expected); it is corrupt`,
		);
	const [begin, end] = data_offsets;
	if (start + end > size)
		throw broken(
			file,
			`ends before the tensor "${name}" does (${size} bytes, where ${start + end} are needed); it is truncated`,
		);
	const bytes = bytesPerElement[dtype];
	if (bytes !== undefined && product(shape) * bytes !== end - begin)
		throw broken(
			file,
			`gives the tensor "${name}" ${end - begin} bytes, but ${dtype} of shape [${shape}] needs ${product(shape) * bytes}; it is corrupt`,
		);
	return { dtype, shape, offset: start + begin, length: end - begin };
}

function refuseOverlaps(file: string, tensors: Map<string, TensorEntry>): void {
	const inOrder = [...tensors]
		.filter(([, entry]) => entry.length > 0)
		.sort(([, a], [, b]) => a.offset - b.offset);
	for (let i = 1; i < inOrder.length; i++) {
		const [before, first] = inOrder[i - 1];
		const [after, second] = inOrder[i];
		if (first.offset + first.length > second.offset)
			throw broken(
				file,
				`lets the tensors "${before}" and "${after}" overlap; it is corrupt`,
			);
	}
}

function readBytes(file: string, { offset, length }: TensorEntry): Uint8Array {
	const bytes = new Uint8Array(length);
	const fd = open(file);
	try {
		for (let at = 0; at < length; ) {
			const want = Math.min(length - at, MAX_READ);
			const got = readSync(fd, bytes, at, want, offset + at);
			if (got === 0)
				throw broken(file, "became shorter since it was opened; load it again");
			at += got;
		}
	} finally {
		closeSync(fd);
	}
	return bytes;
}

function open(file: string): number {
	try {
		return openSync(file, "r");
	} catch {
		throw new Error(`The file ${file} does not exist or cannot be read.`);
	}
}

function broken(file: string, what: string): Error {
	return new Error(`The file ${file} ${what}.`);
}

function isRecord(value: unknown): value is Record<string, unknown> {
	return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isCounts(value: unknown): value is number[] {
	return (
		Array.isArray(value) &&
		value.every((n) => Number.isSafeInteger(n) && n >= 0)
	);
}

function product(shape: number[]): number {
	return shape.reduce((a, b) => a * b, 1);
}
