import { closeSync, fstatSync, openSync, readSync } from "node:fs";

/** One field of a message that lies in a file. */
export interface Field {
	number: number;
	/** 0: whole number, 1: 8 bytes, 2: bytes (text, message, packed numbers), 5: 4 bytes. */
	wire: number;
	/** Of a whole number, as int64; else 0. */
	value: bigint;
	/** Where the field begins in the file, its tag included. */
	start: number;
	/** Where its content begins … */
	from: number;
	/** … and ends, exclusive. */
	to: number;
}

/** Walks protobuf messages in a file and reads only the parts that are asked for. */
export interface ProtobufFile {
	file: string;
	/** In bytes. */
	size: number;
	/** The fields of the message between two places. Throws where one does not end inside the message. */
	fields(from: number, to: number): Generator<Field>;
	/** The bytes between two places. Throws where the whole of what was read exceeds the limit. */
	bytes(from: number, to: number): Buffer;
	close(): void;
}

const WINDOW = 1 << 16;
const MAX_VARINT = 10; // bytes

/** Opens a file. `limit` is how many bytes may be read out of it (skipped ones do not count). */
export function openProtobuf(file: string, limit: number): ProtobufFile {
	let fd: number;
	try {
		fd = openSync(file, "r");
	} catch {
		throw new Error(`The file ${file} does not exist or cannot be read.`);
	}
	const { size } = fstatSync(fd);
	const window = Buffer.alloc(WINDOW);
	let windowAt = 0;
	let windowSize = 0;
	let left = limit;

	const byte = (at: number, to: number): number => {
		if (at >= to) throw damaged();
		if (at < windowAt || at >= windowAt + windowSize) {
			windowAt = at;
			windowSize = readSync(fd, window, 0, WINDOW, at);
			if (windowSize === 0) throw damaged();
		}
		return window[at - windowAt];
	};
	const damaged = () =>
		new Error(
			`The file ${file} is not an ONNX model, or it is damaged or truncated: a part of it does not end where it should.`,
		);
	/** A whole number and the place behind it. */
	const varint = (at: number, to: number): [bigint, number] => {
		let value = 0n;
		for (let i = 0; i < MAX_VARINT; i++) {
			const next = byte(at + i, to);
			value |= BigInt(next & 127) << BigInt(7 * i);
			if (next < 128) return [BigInt.asIntN(64, value), at + i + 1];
		}
		throw damaged();
	};
	return {
		file,
		size,
		*fields(from, to) {
			for (let at = from; at < to; ) {
				const start = at;
				const [tag, behind] = varint(at, to);
				const wire = Number(tag & 7n);
				const field: Field = {
					number: Number(tag >> 3n),
					wire,
					value: 0n,
					start,
					from: behind,
					to: behind,
				};
				if (wire === 0) [field.value, field.to] = varint(behind, to);
				else if (wire === 1) field.to = behind + 8;
				else if (wire === 5) field.to = behind + 4;
				else if (wire === 2) {
					const [length, content] = varint(behind, to);
					if (length < 0n || length > BigInt(to - content)) throw damaged();
					field.from = content;
					field.to = content + Number(length);
				} else throw damaged();
				if (field.to > to || field.number === 0) throw damaged();
				at = field.to;
				yield field;
			}
		},
		bytes(from, to) {
			const length = to - from;
			left -= length;
			if (left < 0)
				throw new Error(
					`The file ${file} holds more than ${limit} bytes beside its large tensors, so it is not the graph of a decoder, or it is damaged.`,
				);
			const bytes = Buffer.alloc(length);
			for (let at = 0; at < length; ) {
				const got = readSync(fd, bytes, at, length - at, from + at);
				if (got === 0) throw damaged();
				at += got;
			}
			return bytes;
		},
		close: () => closeSync(fd),
	};
}
