import assert from "node:assert/strict";
import {
	readdirSync,
	readFileSync,
	truncateSync,
	writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import {
	openSafetensors,
	readTensor,
	writeSafetensors,
} from "../../src/formats/safetensors";
import { absent, fixture } from "../fixtures";
import { temporaryFolder } from "../tiny";

const { folder, remove } = temporaryFolder();
after(remove);
const at = (name: string) => join(folder, name);

/** A file with this header and so many bytes of numbers. */
function fileOf(name: string, header: unknown, numbers: Uint8Array): string {
	const json = Buffer.from(
		typeof header === "string" ? header : JSON.stringify(header),
	);
	const length = Buffer.alloc(8);
	length.writeBigUInt64LE(BigInt(json.length));
	writeFileSync(at(name), Buffer.concat([length, json, numbers]));
	return at(name);
}

const tensor = (dtype: string, shape: unknown, data_offsets: unknown) => ({
	dtype,
	shape,
	data_offsets,
});

test("what is written is read back, with names, shapes and metadata", () => {
	const a = Float32Array.of(1.5, -2, 0, 3e38, Number.NaN, -0);
	writeSafetensors(
		at("round.safetensors"),
		{
			a: { shape: [2, 3], data: a },
			scalar: { shape: [], data: Float32Array.of(7) },
			empty: { shape: [0, 4], data: new Float32Array() },
		},
		{ made_by: "a test" },
	);
	const opened = openSafetensors(at("round.safetensors"));
	assert.deepEqual(opened.metadata, { made_by: "a test" });
	assert.deepEqual([...opened.tensors.keys()], ["a", "scalar", "empty"]);
	assert.deepEqual(opened.tensors.get("a")?.shape, [2, 3]);
	assert.deepEqual(readTensor(opened, "a"), a);
	assert.deepEqual(readTensor(opened, "scalar"), Float32Array.of(7));
	assert.equal(readTensor(opened, "empty").length, 0);
});

test("whole numbers are written as U32 and U16, halves as F16, and the size is told", () => {
	const file = at("kinds.safetensors");
	const bytes = writeSafetensors(file, {
		big: { shape: [2], data: Uint32Array.of(1, 4294967295) },
		halves: { shape: [2], data: Uint16Array.of(0x3c00, 0xc000), dtype: "F16" },
		// A view into a longer array is written alone.
		small: { shape: [1], data: Uint16Array.of(9, 258).subarray(1) },
	});
	const opened = openSafetensors(file);
	const dtypes = Array.from(opened.tensors.values(), ({ dtype }) => dtype);
	assert.deepEqual(dtypes, ["U32", "F16", "U16"]);
	assert.deepEqual(readTensor(opened, "halves"), Float32Array.of(1, -2));
	const content = readFileSync(file);
	assert.equal(content.length, bytes);
	const numbers = "01000000 ffffffff 003c 00c0 0201".replaceAll(" ", "");
	assert.equal(content.subarray(-14).toString("hex"), numbers);
});

test("the numbers begin at a multiple of 8 bytes", () => {
	for (const name of ["a", "bb", "ccc", "dddd"]) {
		writeSafetensors(at("aligned.safetensors"), {
			[name]: { shape: [1], data: Float32Array.of(1) },
		});
		const { tensors } = openSafetensors(at("aligned.safetensors"));
		assert.equal((tensors.get(name)?.offset ?? 1) % 8, 0);
	}
});

test("a part of a larger array is written as that part", () => {
	const part = Float32Array.of(1, 2, 3, 4).subarray(1, 3);
	writeSafetensors(at("part.safetensors"), { x: { shape: [2], data: part } });
	const read = readTensor(openSafetensors(at("part.safetensors")), "x");
	assert.deepEqual(read, Float32Array.of(2, 3));
});

test("F16 and BF16 become float32", () => {
	// 1, -2, the smallest subnormal, infinity, NaN, 65504, -0
	const f16 = [0x3c00, 0xc000, 0x0001, 0x7c00, 0x7e00, 0x7bff, 0x8000];
	const bf16 = [0x3f80, 0xc000, 0x7f80, 0x3dcd]; // 1, -2, infinity, 0.1 rounded
	const file = fileOf(
		"half.safetensors",
		{ h: tensor("F16", [7], [0, 14]), b: tensor("BF16", [4], [14, 22]) },
		new Uint8Array(Uint16Array.of(...f16, ...bf16).buffer),
	);
	const opened = openSafetensors(file);
	assert.deepEqual(
		readTensor(opened, "h"),
		Float32Array.of(1, -2, 2 ** -24, Infinity, Number.NaN, 65504, -0),
	);
	assert.deepEqual(
		readTensor(opened, "b"),
		Float32Array.of(1, -2, Infinity, 0.10009765625),
	);
});

test("a tensor that is not there is refused with near names", () => {
	writeSafetensors(at("near.safetensors"), {
		W_enc: { shape: [1], data: Float32Array.of(1) },
	});
	const opened = openSafetensors(at("near.safetensors"));
	assert.throws(() => readTensor(opened, "W_end"), /no tensor "W_end".*W_enc/);
});

test("a type that is no float is refused when it is read", () => {
	const header = { mask: tensor("BOOL", [2], [0, 2]) };
	const file = fileOf("bool.safetensors", header, new Uint8Array(2));
	const opened = openSafetensors(file);
	assert.throws(() => readTensor(opened, "mask"), /"mask" as BOOL/);
});

test("a missing file is refused", () => {
	assert.throws(() => openSafetensors(at("none")), /none does not exist/);
});

test("a truncated file is refused, wherever it was cut", () => {
	const file = at("cut.safetensors");
	const data = new Float32Array(16);
	writeSafetensors(file, { x: { shape: [16], data } });
	const whole = readFileSync(file);
	for (const length of [0, 5, 8, 30, whole.length - 1]) {
		writeFileSync(file, whole);
		truncateSync(file, length);
		assert.throws(() => openSafetensors(file), /truncated/);
	}
});

test("a header larger than the format allows is refused before it is read", () => {
	const file = at("huge.safetensors");
	writeFileSync(file, Buffer.alloc(64, 0xff));
	assert.throws(() => openSafetensors(file), /at most 100000000 are allowed/);
});

test("a header that is not JSON, or not an object, is refused", () => {
	for (const header of ['{"a": ', "[1, 2]", "null", "\u0000\u0001"]) {
		const file = fileOf("corrupt.safetensors", header, new Uint8Array(8));
		assert.throws(() => openSafetensors(file), /is corrupt/);
	}
});

test("a tensor described wrongly is refused", () => {
	for (const wrong of [
		tensor("F32", [1], [0]),
		tensor("F32", [1], [4, 0]),
		tensor("F32", [1], [-4, 0]),
		tensor("F32", [1], [0.5, 4.5]),
		tensor("F32", [-1], [0, 4]),
		tensor("F32", "one", [0, 4]),
		{ shape: [1], data_offsets: [0, 4] },
		"F32",
		null,
	]) {
		const file = fileOf("wrong.safetensors", { x: wrong }, new Uint8Array(8));
		assert.throws(() => openSafetensors(file), /tensor "x" wrongly/);
	}
});

test("a tensor whose shape needs other bytes than it has is refused", () => {
	const header = { x: tensor("F32", [3], [0, 8]) };
	const file = fileOf("shape.safetensors", header, new Uint8Array(8));
	assert.throws(() => openSafetensors(file), /8 bytes, but F32 .* needs 12/);
});

test("a tensor that ends beyond the file is refused", () => {
	const header = { x: tensor("F32", [4], [0, 16]) };
	const file = fileOf("beyond.safetensors", header, new Uint8Array(8));
	assert.throws(() => openSafetensors(file), /ends before the tensor "x"/);
});

test("tensors that overlap are refused", () => {
	const header = {
		x: tensor("F32", [2], [0, 8]),
		y: tensor("F32", [2], [4, 12]),
	};
	const file = fileOf("overlap.safetensors", header, new Uint8Array(12));
	assert.throws(() => openSafetensors(file), /"x" and "y" overlap/);
});

test("a shape that does not fit leaves no file behind", () => {
	const before = readdirSync(folder);
	const data = Float32Array.of(1);
	assert.throws(
		() => writeSafetensors(at("new.safetensors"), { x: { shape: [2], data } }),
		/"x" has 1 numbers, but its shape \[2\] needs 2/,
	);
	assert.deepEqual(readdirSync(folder), before);
});

test("a write leaves nothing but the file", () => {
	const fresh = temporaryFolder();
	const data = Float32Array.of(1);
	const file = join(fresh.folder, "x.safetensors");
	writeSafetensors(file, { x: { shape: [1], data } });
	writeSafetensors(file, { x: { shape: [1], data } });
	assert.deepEqual(readdirSync(fresh.folder), ["x.safetensors"]);
	fresh.remove();
});

// Fixtures are read in place; where they are absent, the tests that need them are skipped.
test("a file of Hugging Face's layout is read", {
	skip: absent("models/nano-sort"),
}, () => {
	const path = fixture("models/nano-sort") ?? "";
	const opened = openSafetensors(join(path, "model.safetensors"));
	assert.deepEqual(
		opened.tensors.get("transformer.wte.weight")?.shape,
		[3, 48],
	);
	assert.equal(readTensor(opened, "lm_head.weight").length, 3 * 48);
});
