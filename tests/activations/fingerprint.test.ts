import assert from "node:assert/strict";
import { cpSync, mkdirSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { fingerprint } from "../../src/activations/store";
import { temporaryFolder } from "../tiny";

const { folder, remove } = temporaryFolder();
after(remove);
const at = (...names: string[]) => join(folder, ...names);

/** The fingerprint of a folder with these files. */
function of(name: string, files: Record<string, string>, loaded = name) {
	mkdirSync(at(name, "onnx"), { recursive: true });
	for (const [file, content] of Object.entries(files))
		writeFileSync(at(name, file), content);
	return fingerprint({ folder: at(name), name: loaded });
}

const files = { "config.json": "{}", "model.safetensors": "weights" };

test("the place of a folder and what has nothing to do with the weights do not count", () => {
	const one = of("one", files);
	assert.match(one, /^[0-9a-f]{64}$/);
	cpSync(at("one"), at("two"), { recursive: true });
	assert.equal(of("two", { "README.md": "read" }), one);
});

test("a byte of the weights, the config or the tokenizer counts, and so does a shard more", () => {
	const prints = [
		of("a", files),
		of("b", { ...files, "model.safetensors": "weighty" }),
		of("c", { ...files, "config.json": "[]" }),
		of("d", { ...files, "tokenizer.json": "{}" }),
		of("e", { ...files, "model-2.safetensors": "more" }),
	];
	assert.equal(new Set(prints).size, prints.length);
});

test("of several ONNX files in a folder, the one that was loaded counts", () => {
	const graphs = {
		"config.json": "{}",
		"onnx/model.onnx": "exact",
		"onnx/model_quantized.onnx": "rough",
	};
	const [whole, half] = Object.keys(graphs)
		.slice(1)
		.map((file) => of("graphs", graphs, at("graphs", file)));
	assert.notEqual(whole, half);
	const without = { "config.json": "{}", "onnx/model.onnx": "exact" };
	assert.equal(of("alone", without, at("alone", "onnx/model.onnx")), whole);
});

test("a large file is read in samples: its size and its beginning count", () => {
	const large = (name: string, size: number, begins = "weights") => {
		of(name, { ...files, "model.safetensors": begins });
		truncateSync(at(name, "model.safetensors"), size);
		return fingerprint({ folder: at(name), name });
	};
	const size = 3e9; // a hole: it takes no room
	const prints = [
		large("l", size),
		large("m", size + 4),
		large("n", size, "others!"),
	];
	assert.equal(new Set(prints).size, prints.length);
});

test("a folder that is gone is named", () => {
	assert.throws(
		() => fingerprint({ folder: at("gone"), name: "gone" }),
		/The model's folder "\S+gone" cannot be read any more/,
	);
});
