import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
	openSafetensors,
	readTensor,
	writeSafetensors,
} from "../src/formats/safetensors";

/**
 * Two copies of a model's folder: one with its weights in half precision, one with the same rounded values in F32.
 */
export function halve(
	folder: string,
	into: string,
	dtype: "F16" | "BF16",
): { half: string; rounded: string } {
	const half = join(into, "half");
	const rounded = join(into, "rounded");
	for (const copy of [half, rounded]) {
		mkdirSync(copy, { recursive: true });
		copyFileSync(join(folder, "config.json"), join(copy, "config.json"));
	}
	const file = openSafetensors(join(folder, "model.safetensors"));
	const header: Record<string, unknown> = {};
	const parts: Uint8Array[] = [];
	let end = 0;
	for (const [name, { shape }] of file.tensors) {
		const bits = Uint16Array.from(readTensor(file, name), (value) =>
			dtype === "BF16" ? bfloat16(value) : float16(value),
		);
		const begin = end;
		end += bits.byteLength;
		header[name] = { dtype, shape, data_offsets: [begin, end] };
		parts.push(new Uint8Array(bits.buffer));
	}
	const json = Buffer.from(JSON.stringify(header));
	const length = Buffer.alloc(8);
	length.writeBigUInt64LE(BigInt(json.length));
	writeFileSync(
		join(half, "model.safetensors"),
		Buffer.concat([length, json, ...parts]),
	);
	const halved = openSafetensors(join(half, "model.safetensors"));
	writeSafetensors(
		join(rounded, "model.safetensors"),
		Object.fromEntries(
			[...halved.tensors].map(([name, { shape }]) => [
				name,
				{ shape, data: readTensor(halved, name) },
			]),
		),
	);
	return { half, rounded };
}

/** The upper 16 bits of a float32. */
function bfloat16(value: number): number {
	return new Uint32Array(Float32Array.of(value).buffer)[0] >>> 16;
}

/** Truncated; numbers too small for a normal half become 0. */
function float16(value: number): number {
	const bits = new Uint32Array(Float32Array.of(value).buffer)[0];
	const exponent = ((bits >>> 23) & 255) - 127 + 15;
	const sign = (bits >>> 16) & 0x8000;
	return exponent <= 0
		? sign
		: sign | (exponent << 10) | ((bits >>> 13) & 1023);
}
