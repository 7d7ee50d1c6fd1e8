import type { Field, ProtobufFile } from "./protobuf-file";

/** A constant: encoded in full where it is small, else the place of its little-endian bytes. */
export interface OnnxTensor {
	name: string;
	/** Number of the element type (onnx.proto, TensorProto.DataType). */
	type: number;
	shape: number[];
	/** Encoded (TensorProto). */
	message?: Buffer;
	/** The numbers of a small one of type int64 or float32. */
	values?: number[];
	place?: TensorPlace;
}

/** Where numbers lie. */
export interface TensorPlace {
	/** The file, as the model names it; undefined: the model's own file. */
	location?: string;
	/** In bytes, from the start of that file. */
	offset: number;
	/** In bytes. */
	length: number;
}

/** Tensors up to this many bytes are read: ONNX Runtime must know the values of those that are shapes. */
const SMALL = 1024;
/** Bytes an element, by type number; 4-bit types take half a byte. */
const elementBytes: Record<number, number> = {
	...{ 1: 4, 2: 1, 3: 1, 4: 2, 5: 2, 6: 4, 7: 8, 9: 1, 10: 2, 11: 8, 12: 4 },
	...{
		13: 8,
		14: 8,
		15: 16,
		16: 2,
		17: 1,
		18: 1,
		19: 1,
		20: 1,
		21: 0.5,
		22: 0.5,
	},
};

/** TensorProto. `name` is what it is called where it does not say so itself. */
export function readTensorProto(
	source: ProtobufFile,
	{ from, to }: Field,
	name = "",
): OnnxTensor {
	const tensor: OnnxTensor = { name, type: 0, shape: [] };
	const data: Field[] = [];
	const external: [string, string][] = [];
	let outside = false;
	let ownName: Field | undefined;
	for (const field of source.fields(from, to)) {
		const { number, wire, value } = field;
		if (number === 1)
			tensor.shape.push(
				...(wire === 0 ? [Number(value)] : packed(source, field)),
			);
		else if (number === 2) tensor.type = Number(value);
		else if (number === 8) ownName = field;
		else if (number === 13) external.push(readEntry(source, field));
		else if (number === 14) outside = value === 1n;
		else if ([4, 5, 6, 7, 9, 10, 11].includes(number)) data.push(field);
	}
	if (ownName && !name) tensor.name = text(source, ownName);
	if (outside) {
		tensor.place = externalPlace(source, tensor, Object.fromEntries(external));
		return tensor;
	}
	const [only] = data;
	// raw_data, float_data and double_data are the numbers' little-endian bytes
	const plain = data.length === 1 && [4, 9, 10].includes(only.number);
	if (plain && only.wire === 2 && only.to - only.from > SMALL) {
		const place = { offset: only.from, length: only.to - only.from };
		checkLength(source, tensor, place.length);
		tensor.place = place;
		return tensor;
	}
	tensor.message = source.bytes(from, to);
	if (plain || only?.number === 7)
		if (only.to - only.from <= SMALL)
			tensor.values = valuesOf(tensor.type, only, source);
	return tensor;
}

function valuesOf(
	type: number,
	field: Field,
	source: ProtobufFile,
): number[] | undefined {
	if (field.wire === 0) return [Number(field.value)];
	if (field.number === 7) return packed(source, field);
	const bytes = new Uint8Array(source.bytes(field.from, field.to)); // aligned
	if (type === 7 && bytes.length % 8 === 0)
		return Array.from(new BigInt64Array(bytes.buffer), Number);
	if (type === 1 && bytes.length % 4 === 0)
		return Array.from(new Float32Array(bytes.buffer));
	return undefined;
}

function externalPlace(
	source: ProtobufFile,
	tensor: OnnxTensor,
	{ location, offset = "0", length }: Record<string, string>,
): TensorPlace {
	const needed = bytesOf(tensor);
	const place = {
		location,
		offset: Number(offset),
		length: Number(length ?? needed),
	};
	const whole = (n: number) => Number.isSafeInteger(n) && n >= 0;
	if (!location || !whole(place.offset) || !whole(place.length))
		throw new Error(
			`The file ${source.file} does not say where the numbers of ${shown(tensor.name)} lie; it is damaged.`,
		);
	checkLength(source, tensor, place.length);
	return place;
}

function checkLength(
	source: ProtobufFile,
	tensor: OnnxTensor,
	length: number,
): void {
	const needed = bytesOf(tensor);
	if (needed !== undefined && needed !== length)
		throw new Error(
			`The file ${source.file} gives ${shown(tensor.name)} ${length} bytes, but its shape ${shown(tensor.shape)} needs ${needed}; it is damaged.`,
		);
}

/** The bytes that a tensor's numbers take; undefined for a type that is not known. */
function bytesOf({ type, shape }: OnnxTensor): number | undefined {
	const each = elementBytes[type];
	return each && Math.ceil(each * shape.reduce((a, b) => a * b, 1));
}

/** StringStringEntryProto. */
function readEntry(
	source: ProtobufFile,
	{ from, to }: Field,
): [string, string] {
	const entry: [string, string] = ["", ""];
	for (const field of source.fields(from, to))
		if (field.number === 1 || field.number === 2)
			entry[field.number - 1] = text(source, field);
	return entry;
}

/** A name or a shape out of a file, for a message: short, and on one line. */
export function shown(value: string | readonly (number | string)[]): string {
	const most =
		typeof value === "string" ? value.slice(0, 100) : value.slice(0, 8);
	return JSON.stringify(most);
}

/** Whole numbers one after the other, as protobuf packs them. */
function packed(source: ProtobufFile, { from, to }: Field): number[] {
	const numbers: number[] = [];
	let value = 0n;
	let shift = 0n;
	for (const byte of source.bytes(from, to)) {
		value |= BigInt(byte & 127) << shift;
		shift += 7n;
		if (byte < 128) {
			numbers.push(Number(BigInt.asIntN(64, value)));
			value = shift = 0n;
		}
	}
	return numbers;
}

/** Text of a field. */
export function text(source: ProtobufFile, { from, to }: Field): string {
	return source.bytes(from, to).toString("utf8");
}
