import assert from "node:assert/strict";
import {
	closeSync,
	cpSync,
	mkdirSync,
	openSync,
	readFileSync,
	renameSync,
	rmSync,
	statSync,
	symlinkSync,
	writeFileSync,
	writeSync,
} from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import {
	openSafetensors,
	readTensor,
	writeSafetensors,
} from "../../src/formats/safetensors";
import { loadModel } from "../../src/model";
import { temporaryFolder, writeRandomGpt2 } from "../tiny";

const { folder, remove } = temporaryFolder();
after(remove);

const ids = Int32Array.of(256, 3, 200, 17, 90, 4);
const original = writeRandomGpt2(join(folder, "original"), { seed: 11 });

async function logitsOf(path: string): Promise<Float32Array | undefined> {
	const model = await loadModel(path);
	const { logits } = await model.run(model.batch([ids]));
	await model.dispose();
	return logits?.data;
}

/** A copy of the original whose tensors are spread over three files, with an index. */
function sharded(name: string): string {
	const path = join(folder, name);
	cpSync(original, path, { recursive: true });
	const whole = openSafetensors(join(path, "model.safetensors"));
	const shards: Record<string, Parameters<typeof writeSafetensors>[1]> = {};
	const weight_map: Record<string, string> = {};
	for (const [i, [tensor, { shape }]] of [...whole.tensors].entries()) {
		const file = `model-0000${1 + (i % 3)}-of-00003.safetensors`;
		shards[file] ??= {};
		shards[file][tensor] = { shape, data: readTensor(whole, tensor) };
		weight_map[tensor] = file;
	}
	for (const [file, tensors] of Object.entries(shards))
		writeSafetensors(join(path, file), tensors);
	rmSync(join(path, "model.safetensors"));
	writeIndex(path, weight_map);
	return path;
}

function writeIndex(path: string, weight_map: unknown): void {
	writeFileSync(
		join(path, "model.safetensors.index.json"),
		JSON.stringify({ metadata: { total_size: 1 }, weight_map }),
	);
}

test("a checkpoint in several files gives what one file gives, bit for bit", async () => {
	assert.deepEqual(await logitsOf(sharded("shards")), await logitsOf(original));
});

test("its files may be symbolic links into different folders", async () => {
	const path = sharded("links");
	for (const i of [1, 2, 3]) {
		const name = `model-0000${i}-of-00003.safetensors`;
		const place = join(folder, "elsewhere", String(i));
		mkdirSync(place, { recursive: true });
		renameSync(join(path, name), join(place, "blob"));
		symlinkSync(join(place, "blob"), join(path, name));
	}
	assert.deepEqual(await logitsOf(path), await logitsOf(original));
});

test("an index that names no file, a path, or a file that is not there is refused", async () => {
	const path = sharded("index");
	const refused = async (weight_map: unknown, message: RegExp) => {
		writeIndex(path, weight_map);
		await assert.rejects(loadModel(path), message);
	};
	await refused({}, /names no file, where "weight_map" must give/);
	await refused(undefined, /names no file/);
	await refused({ a: "../../etc/x.safetensors" }, /names "\.\.\/\.\.\/etc/);
	await refused({ a: 3 }, /names 3, where/);
	await refused(
		{ a: "model-9.safetensors" },
		/has no model-9\.safetensors, which its model\.safetensors\.index\.json names/,
	);
	await refused(
		{ a: "model-00001-of-00003.safetensors" },
		/has no tensor "wpe\.weight"|has no tensor "wte\.weight"/,
	);
});

test("weights beyond the first 2 GB of a file are found there", async () => {
	const path = join(folder, "large");
	cpSync(original, path, { recursive: true });
	const whole = openSafetensors(join(original, "model.safetensors"));
	const hole = 2 ** 31 + 12345;
	const header: Record<string, unknown> = {
		hole: { dtype: "U8", shape: [hole], data_offsets: [0, hole] },
	};
	let at = hole;
	for (const [name, { shape, length }] of whole.tensors) {
		header[name] = { dtype: "F32", shape, data_offsets: [at, at + length] };
		at += length;
	}
	let json = JSON.stringify(header);
	json = json.padEnd(Math.ceil(json.length / 8) * 8);
	const file = openSync(join(path, "model.safetensors"), "w");
	const prefix = Buffer.alloc(8);
	prefix.writeBigUInt64LE(BigInt(json.length));
	writeSync(file, prefix);
	writeSync(file, json);
	at = 8 + json.length + hole; // nothing is written before: the file is sparse
	for (const name of whole.tensors.keys()) {
		const numbers = new Uint8Array(readTensor(whole, name).buffer);
		writeSync(file, numbers, 0, numbers.length, at);
		at += numbers.length;
	}
	closeSync(file);
	const { size, blocks } = statSync(join(path, "model.safetensors"));
	assert.ok(size > 2 ** 31 && 512 * blocks < 1e8);
	assert.deepEqual(await logitsOf(path), await logitsOf(original));
});

test("a tensor of a type that cannot be used is refused by name", async () => {
	const path = join(folder, "type");
	cpSync(original, path, { recursive: true });
	const file = join(path, "model.safetensors");
	const { tensors } = openSafetensors(file);
	const header = Object.fromEntries(
		[...tensors].map(([name, { shape }]) => {
			const length = 8 * shape.reduce((a, b) => a * b, 1);
			return [name, { dtype: "F64", shape, data_offsets: [0, length] }];
		}),
	);
	let at = 0;
	for (const entry of Object.values(header)) {
		entry.data_offsets = [at, at + entry.data_offsets[1]];
		at = entry.data_offsets[1];
	}
	const json = JSON.stringify(header);
	const content = Buffer.alloc(8 + json.length + at);
	content.writeBigUInt64LE(BigInt(json.length));
	content.write(json, 8);
	writeFileSync(file, content);
	await assert.rejects(
		loadModel(path),
		/is of type F64, where F32, F16 or BF16/,
	);
});

/** A copy of a model whose config.json says something else. */
function saying(from: string, name: string, config: object): string {
	const path = join(folder, name);
	cpSync(from, path, { recursive: true });
	const file = join(path, "config.json");
	const said = JSON.parse(readFileSync(file, "utf8"));
	writeFileSync(file, JSON.stringify({ ...said, ...config }));
	return path;
}

test("a head of its own is used, and told, where config.json says that it is the embedding", async () => {
	const untied = writeRandomGpt2(join(folder, "untied"), {
		tie_word_embeddings: false,
	});
	const silent = saying(untied, "says tied", { tie_word_embeddings: true });
	assert.deepEqual(await logitsOf(silent), await logitsOf(untied));
	const model = await loadModel(silent);
	assert.match(model.info.notes?.join() ?? "", /lm_head\.weight, that differs/);
	const plain = await loadModel(untied);
	assert.equal(model.info.fingerprint, plain.info.fingerprint);
	assert.equal(plain.info.notes, undefined);
	assert.deepEqual(model.unembedding(), plain.unembedding());
	await Promise.all([model.dispose(), plain.dispose()]);

	const file = openSafetensors(join(original, "model.safetensors"));
	const all = Object.fromEntries(
		[...file.tensors].map(([name, { shape }]) => [
			name,
			{ shape, data: readTensor(file, name) },
		]),
	);
	const twice = saying(original, "twice", {});
	const table = all["transformer.wte.weight"];
	const written = join(twice, "model.safetensors");
	writeSafetensors(written, { ...all, "lm_head.weight": table });
	const same = await loadModel(twice);
	const tied = await loadModel(original);
	assert.equal(same.info.notes, undefined);
	assert.equal(same.info.fingerprint, tied.info.fingerprint);
	await Promise.all([same.dispose(), tied.dispose()]);

	const head = table.data.slice();
	head[head.length - 1] += 1; // one number of the last token
	const shape = table.shape;
	writeSafetensors(written, {
		...all,
		"lm_head.weight": { shape, data: head },
	});
	const other = await loadModel(twice);
	assert.equal(other.info.notes?.length, 1);
	assert.notEqual(other.info.fingerprint, tied.info.fingerprint);
	await other.dispose();
});

test("sizes in config.json that are not those of the weights are refused", async () => {
	for (const [config, why] of [
		[{ n_layer: 2 }, /n_layer 2, but its weights have 3 layers/],
		[{ n_layer: 4 }, /no tensor "h\.3\.ln_1\.weight"/],
		[{ n_positions: 16 }, /"wpe\.weight" .* \[32,16\], but config\.json/],
		[{ vocab_size: 256 }, /"wte\.weight" .* \[257,16\], but config\.json/],
		[{ n_inner: 32 }, /c_fc\.weight" .* \[16,64\], but config\.json/],
	] as const)
		await assert.rejects(
			loadModel(saying(original, JSON.stringify(config), config)),
			why,
		);
});
