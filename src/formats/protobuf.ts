/** The part of the protobuf wire format that ONNX files need. */

/** A field whose value is a whole number. */
export function varintField(field: number, value: number | bigint): Buffer {
	return Buffer.concat([varint(field * 8), varint(value)]);
}

/** A field whose value is bytes, text, or a message encoded already. */
export function bytesField(field: number, value: Uint8Array | string): Buffer {
	const bytes = typeof value === "string" ? Buffer.from(value) : value;
	return Buffer.concat([varint(field * 8 + 2), varint(bytes.length), bytes]);
}

/** A field whose value is a 32-bit float. */
export function floatField(field: number, value: number): Buffer {
	const bytes = Buffer.alloc(4);
	bytes.writeFloatLE(value);
	return Buffer.concat([varint(field * 8 + 5), bytes]);
}

function varint(value: number | bigint): Buffer {
	let rest = BigInt.asUintN(64, BigInt(value));
	const bytes: number[] = [];
	do {
		const low = Number(rest & 127n);
		rest >>= 7n;
		bytes.push(rest ? low | 128 : low);
	} while (rest);
	return Buffer.from(bytes);
}
