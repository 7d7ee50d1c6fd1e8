import assert from "node:assert/strict";
import {
	cpSync,
	readFileSync,
	renameSync,
	truncateSync,
	writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { withoutPath, withoutPaths } from "../../src/files";
import {
	openSafetensors,
	readTensor,
	writeSafetensors,
} from "../../src/formats/safetensors";
import { loadModel, untrainedModel } from "../../src/model";
import { fingerprintOf } from "../../src/model/fingerprint";
import { fileName, folderName } from "../../src/model/name";
import { type RandomGpt2, temporaryFolder, writeRandomGpt2 } from "../tiny";

const { folder, remove } = temporaryFolder();
after(remove);
const at = (...names: string[]) => join(folder, ...names);
const made = (name: string, options: RandomGpt2 = {}) =>
	writeRandomGpt2(at(name), options);

async function print(path: string): Promise<string> {
	const model = await loadModel(path);
	await model.dispose();
	return String(model.info.fingerprint);
}

test("a model is known by its weights, wherever they lie and however they are shared out", async () => {
	const own = await print(made("a/final"));
	assert.match(own, /^[0-9a-f]{64}$/);
	cpSync(at("a/final"), at("b"), { recursive: true });
	renameSync(at("b"), at("renamed"));
	assert.equal(await print(at("renamed")), own);
	assert.equal(await print(made("bare", { prefix: "" })), own);
	cpSync(at("a/final"), at("shards"), { recursive: true });
	const whole = openSafetensors(at("shards", "model.safetensors"));
	const names = [...whole.tensors.keys()];
	const weight_map: Record<string, string> = {};
	for (const [i, some] of [names.slice(0, 9), names.slice(9)].entries()) {
		const tensors = some.map((name) => {
			const shape = whole.tensors.get(name)?.shape ?? [];
			weight_map[name] = `part-${i}.safetensors`;
			return [name, { shape, data: readTensor(whole, name) }] as const;
		});
		writeSafetensors(
			at("shards", `part-${i}.safetensors`),
			Object.fromEntries(tensors),
		);
	}
	renameSync(whole.file, `${whole.file}.old`);
	writeFileSync(
		at("shards", "model.safetensors.index.json"),
		JSON.stringify({ weight_map }),
	);
	assert.equal(await print(at("shards")), own);
});

test("another training, another number in one bias and another number of heads are other models", async () => {
	const changed = made("changed");
	const file = join(changed, "model.safetensors");
	const bytes = readFileSync(file);
	const { offset } =
		openSafetensors(file).tensors.get("transformer.h.1.mlp.c_proj.bias") ??
		assert.fail();
	bytes[offset] ^= 1;
	writeFileSync(file, bytes);
	const prints = [
		await print(made("one")),
		await print(made("two", { seed: 2 })),
		await print(changed),
		await print(made("heads", { n_head: 4 })),
	];
	assert.equal(new Set(prints).size, prints.length);
});

test("of large weights the ends and what lies between count, in samples", () => {
	const file = at("large");
	writeFileSync(file, "");
	const length = 40 * 2 ** 20;
	const of = (where?: number) => {
		truncateSync(file, 0);
		truncateSync(file, length);
		if (where !== undefined) {
			const bytes = Buffer.alloc(where + 1);
			bytes[where] = 1;
			writeFileSync(file, bytes);
			truncateSync(file, length);
		}
		const place = { file, offset: 0, length };
		return fingerprintOf({}, [{ name: "w", form: "F32", place }]);
	};
	const prints = [
		undefined,
		0,
		length - 1,
		Math.round((length - 4096) / 7),
	].map(of);
	assert.equal(new Set(prints).size, prints.length);
});

test("an untrained model is known by its seed", async () => {
	const model = await loadModel(made("trained"));
	const of = async (seed: number) => {
		const untrained = await untrainedModel(model, { seed });
		await untrained.dispose();
		return untrained.info.fingerprint;
	};
	const first = await of(1);
	assert.equal(await of(1), first);
	assert.notEqual(await of(2), first);
	assert.notEqual(first, model.info.fingerprint);
	await model.dispose();
});

test("a name says what the folder is called, and not where it is", async () => {
	for (const path of [made("x/final"), `${at("x/final")}/`]) {
		const model = await loadModel(path);
		assert.equal(model.info.name, "final");
		await model.dispose();
	}
	const cached =
		"/home/me/hub/models--openai-community--gpt2/snapshots/607a30d";
	assert.equal(folderName(cached), "openai-community/gpt2");
	assert.equal(folderName("/"), "model");
	assert.equal(
		fileName("/m/pythia/onnx/model.onnx", "/m/pythia"),
		"pythia/onnx/model.onnx",
	);
	for (const [name, short] of [
		["openai-community/gpt2", "openai-community/gpt2"],
		["gpt2-small", "gpt2-small"],
		["/home/me/models/final", "final"],
		["./p/final", "final"],
		["../final/", "final"],
		["C:\\models\\final", "final"],
		["runs/july/final", "final"],
	])
		assert.equal(withoutPath(name), short);
	assert.equal(
		withoutPaths("/a/b.csv, c.csv and 2 more"),
		"b.csv, c.csv and 2 more",
	);
});
