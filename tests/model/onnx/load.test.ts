import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import {
	copyFileSync,
	ftruncateSync,
	mkdirSync,
	openSync,
	readFileSync,
	symlinkSync,
	truncateSync,
	writeFileSync,
	writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { after, before, describe, test } from "node:test";
import { allTensors, readOnnx } from "../../../src/formats/onnx-file";
import { loadOnnxModel } from "../../../src/model";
import { buildPart } from "../../../src/model/onnx/graph";
import { findWeights } from "../../../src/model/onnx/links";
import { prepare } from "../../../src/model/onnx/prepare";
import { findStructure } from "../../../src/model/onnx/structure";
import { wire } from "../../../src/model/onnx/wiring";
import { random } from "../../../src/random";
import { type Fixtures, makeFixtures, optimumFolder, skip } from "./fixtures";
import { merge, moveOut } from "./kinds";
import { readModel, tensorOutside, writeModel } from "./rewrite";

describe("an ONNX decoder's file", { skip }, () => {
	let fixtures: Fixtures;
	before(async () => {
		fixtures = await makeFixtures();
	});
	after(() => fixtures.remove());

	/** A new folder with a copy of a graph, and nothing else. */
	const alone = (family: "gpt2" | "gpt_neox" | "llama", kind: string) => {
		const folder = join(fixtures.folder, `${family} ${kind} alone`);
		mkdirSync(folder, { recursive: true });
		const file = join(folder, "model.onnx");
		copyFileSync(fixtures.path(family, kind), file);
		return file;
	};
	/** A part of GPT-2's graph, as the names of its constants and inputs. */
	const partOf = (kind: string, wanted: Parameters<typeof buildPart>[1]) => {
		const path = fixtures.path("gpt2", kind);
		const file = readOnnx(path);
		const w = wire(path, prepare(file.graph));
		const structure = findStructure(w, path);
		const { locate } = findWeights(path, allTensors(w.graph));
		const part = join(fixtures.folder, "part.onnx");
		const bytes = buildPart({ file, w, structure, locate }, wanted);
		writeFileSync(part, bytes);
		const { graph } = readOnnx(part);
		return {
			size: bytes.length,
			tensors: [...graph.tensors.values()],
			inputs: graph.inputs.map(({ name }) => name),
		};
	};

	test("describes the model by config.json, and by itself where there is none", async () => {
		const model = await loadOnnxModel(fixtures.path("gpt2", "model"));
		const { name, folder, fingerprint, model_type, ...said } = model.info;
		equal(model_type, "gpt2");
		equal(folder, join(fixtures.folder, "gpt2"));
		equal(name, "gpt2/model.onnx");
		equal(fingerprint?.length, 64);
		deepEqual(said, {
			...{ n_layers: 3, n_heads: 4, d_model: 32, d_head: 8, d_mlp: 128 },
			...{ n_ctx: 24, d_vocab: 257, activation_function: "gelu_new" },
			...{ bos_token_id: 256, eos_token_id: 256 },
			layer_norm_epsilon: 1e-5,
		});
		for (const kind of ["model", "past", "fused", "model.optimised"]) {
			const { info } = await loadOnnxModel(alone("gpt2", kind));
			const { name: _, folder: __, layer_norm_epsilon, ...all } = info;
			const { fingerprint: ____, ...found } = all;
			ok(Math.abs(layer_norm_epsilon - 1e-5) < 1e-9);
			const { layer_norm_epsilon: ___, ...rest } = said;
			deepEqual(found, { ...rest, bos_token_id: null, eos_token_id: null });
		}
		const neox = (await loadOnnxModel(alone("gpt_neox", "model"))).info;
		deepEqual(
			[neox.n_heads, neox.d_mlp, neox.activation_function, neox.d_vocab],
			[4, 80, "gelu", 90],
		);
		equal(neox.n_ctx, Number.MAX_SAFE_INTEGER); // rotary positions have no end
		const llama = (await loadOnnxModel(alone("llama", "past"))).info;
		deepEqual(
			[llama.n_heads, llama.d_mlp, llama.activation_function],
			[4, 48, "silu"],
		);
	});

	test("config.json that says other numbers than the graph shows is refused, and an activation function is the graph's", async () => {
		const file = alone("gpt2", "past");
		const config = join(dirname(file), "config.json");
		for (const [said, why] of [
			[{ n_head: 2 }, /says that the number of attention heads is 2, .* is 4;/],
			[{ n_embd: 64 }, /says that d_model is 64, .* is 32;/],
			[{ n_layer: 4 }, /says that the number of layers is 4, .* is 3;/],
		] as const) {
			writeFileSync(config, JSON.stringify(said));
			await rejects(loadOnnxModel(file), why);
		}
		for (const [said, shown] of [
			["relu", "gelu_new"],
			["gelu_pytorch_tanh", "gelu_pytorch_tanh"],
		]) {
			writeFileSync(config, JSON.stringify({ activation_function: said }));
			const { info } = await loadOnnxModel(file);
			equal(info.activation_function, shown);
		}
	});

	test("is found in a folder as Optimum lays it out, and reads text with the tokenizer above it", async () => {
		const model = await loadOnnxModel(optimumFolder(fixtures));
		deepEqual(model.toStrTokens("Hé"), [
			"<|endoftext|>",
			"H",
			"\ufffd",
			"\ufffd",
		]);
		const { tokens, logits } = await model.run(["Hi", "Hello"]);
		deepEqual([...tokens.lengths], [3, 6]);
		deepEqual(logits?.dims, [2, 6, 257]);
		deepEqual((await model.loss(["Hi", "Hello"])).dims, [2, 5]);
		await rejects(model.run(""), /no token besides special ones/);
		await model.dispose();
		await rejects(model.run("Hi"), /disposed of/);
	});

	test("is run without a tokenizer by token ids", async () => {
		const model = await loadOnnxModel(fixtures.path("llama", "model"));
		await rejects(model.run("Hi"), /has no tokenizer\.json/);
		const batch = model.batch([Int32Array.of(1, 2, 3)]);
		deepEqual((await model.run(batch)).logits?.dims, [1, 3, 80]);
		await rejects(
			model.run({ ...batch, ids: Int32Array.of(1, 2, 80) }),
			/no token 80/,
		);
		await model.dispose();
	});

	test("gives patterns and z by head, and all else as one vector a token", async () => {
		const model = await loadOnnxModel(fixtures.path("gpt_neox", "past"));
		const { cache } = await model.run(model.batch([Int32Array.of(1, 2, 3)]), {
			hooks: [
				"blocks.1.attn.hook_pattern",
				"blocks.1.attn.hook_z",
				"blocks.1.mlp.hook_post",
				"hook_embed",
			],
		});
		deepEqual(
			Object.entries(cache).map(([hook, { dims }]) => [hook, ...dims]),
			[
				["hook_embed", 1, 3, 32],
				["blocks.1.attn.hook_pattern", 1, 4, 3, 3],
				["blocks.1.attn.hook_z", 1, 3, 4, 8],
				["blocks.1.mlp.hook_post", 1, 3, 80],
			],
		);
		const { data } = cache["blocks.1.attn.hook_pattern"];
		for (let row = 0; row < 12; row++) {
			const shares = data.subarray(3 * row, 3 * row + 3);
			ok(Math.abs(shares.reduce((a, b) => a + b) - 1) < 1e-6);
			ok(shares.every((share, key) => key <= row % 3 || share === 0));
		}
		await model.dispose();
	});

	test("is cut behind the wanted hooks: later layers' weights are not in the graph", () => {
		const hooks = ["blocks.0.hook_resid_post"] as const;
		for (const kind of ["model", "past", "merged", "fused"]) {
			const whole = partOf(kind, { hooks: [], spliced: {}, logits: true });
			const part = partOf(kind, { hooks, spliced: {} });
			const large = ({ tensors }: typeof part) =>
				tensors.filter(({ place }) => place).length;
			ok(large(part) < large(whole));
			const names = part.tensors.map(({ name }) => name);
			if (kind !== "fused") {
				ok(names.includes("blocks.0.mlp.down.weight"));
				ok(
					!names.some((name) => /^blocks\.[12]\..*weight|ln_final/.test(name)),
				);
			}
		}
		const { inputs } = partOf("past", { hooks: ["hook_embed"], spliced: {} });
		deepEqual(inputs, ["input_ids"]);
	});

	test("keeps its weights: the graph that runs holds none, only their places in the file", () => {
		const { size, tensors } = partOf("model", {
			...{ hooks: [], spliced: {}, logits: true },
		});
		const file = readFileSync(fixtures.path("gpt2", "model"));
		ok(size < file.length / 2);
		const w = tensors.find(({ name }) => name === "blocks.1.mlp.up.weight");
		equal(w?.place?.location, "model.onnx");
		const { floats } = readModel(fixtures.path("gpt2", "model"));
		equal(
			file.readFloatLE(Number(w?.place?.offset) + 8),
			floats.get("blocks.1.mlp.up.weight")?.data[2],
		);
	});

	test("may be a symbolic link into a cache, its weights another", async () => {
		const blobs = join(fixtures.folder, "blobs");
		const snapshot = join(fixtures.folder, "snapshots", "onnx");
		for (const folder of [blobs, snapshot])
			mkdirSync(folder, { recursive: true });
		const here = join(fixtures.folder, "gpt2");
		copyFileSync(join(here, "outside.onnx"), join(blobs, "1a"));
		copyFileSync(join(here, "w.bin"), join(blobs, "2b"));
		symlinkSync(join(blobs, "1a"), join(snapshot, "model.onnx"));
		symlinkSync(join(blobs, "2b"), join(snapshot, "w.bin"));
		const model = await loadOnnxModel(join(fixtures.folder, "snapshots"));
		const tokens = model.batch([Int32Array.of(1, 2, 3)]);
		const plain = await loadOnnxModel(fixtures.path("gpt2", "outside"));
		deepEqual(await model.run(tokens), await plain.run(tokens));
		await model.dispose();
		await plain.dispose();
	});

	test("may have weights of many gigabytes: they are neither loaded nor needed for a hook before them", async () => {
		const folder = join(fixtures.folder, "huge");
		mkdirSync(folder);
		const file = join(folder, "model.onnx");
		const model = readModel(fixtures.path("llama", "model"));
		// the head's own numbers lie behind 6 GB of nothing; beside it, one of 6 GB
		const head = model.nodes.find(({ outputs }) => outputs[0] === "logits");
		const name = String(head?.inputs[1]);
		const { shape, data } = model.matrices.get(name) ?? { shape: [], data: [] };
		const bytes = new Uint8Array(Float32Array.from(data).buffer);
		const fd = openSync(join(folder, "huge.bin"), "w");
		ftruncateSync(fd, 6e9);
		writeSync(fd, bytes, 0, bytes.length, 6e9);
		const place = { location: "huge.bin", offset: 6e9, length: bytes.length };
		model.tensors.set(name, tensorOutside(name, shape, place));
		writeModel(file, model);
		const tokens = {
			ids: [1, 2, 3],
			hook: "blocks.0.hook_resid_post",
		} as const;
		const plain = await loadOnnxModel(fixtures.path("llama", "model"));
		const far = await loadOnnxModel(file);
		const batch = far.batch([Int32Array.from(tokens.ids)]);
		deepEqual(await far.run(batch), await plain.run(batch));

		const columns = 6e9 / 4 / 32;
		const huge = { location: "huge.bin", offset: 0, length: 6e9 };
		model.tensors.set(name, tensorOutside(name, [32, columns], huge));
		writeModel(file, model);
		const before = process.memoryUsage().rss;
		const large = await loadOnnxModel(file);
		equal(large.info.d_vocab, columns);
		const hooks = [tokens.hook];
		const { cache } = await large.run(batch, { hooks });
		deepEqual(cache, (await plain.run(batch, { hooks })).cache);
		ok(process.memoryUsage().rss - before < 500e6);
		for (const each of [plain, far, large]) await each.dispose();
	});

	test("names the nearest hooks where one is asked for that the graph does not have", async () => {
		const neox = await loadOnnxModel(fixtures.path("gpt_neox", "model"));
		const tokens = neox.batch([Int32Array.of(1)]);
		await rejects(
			neox.run(tokens, { hooks: ["blocks.0.hook_resid_mid"] }),
			/There is no hook "blocks\.0\.hook_resid_mid" .* near names are "blocks\.0\.hook_resid_p/,
		);
		await rejects(
			neox.run(tokens, { hooks: ["blocks.3.hook_resid_post"] }),
			/no layer 3 .* its layers are 0 to 2/,
		);
		const interventions = [
			{ hook_name: "blocks.0.attn.hook_pattern", type: "scale", factor: 0 },
		] as const;
		await rejects(
			neox.run(tokens, { interventions: [...interventions] }),
			/does not have one vector a token/,
		);
		await rejects(neox.run(tokens, { logits: false }), /return nothing/);
		await rejects(neox.loss(tokens), /at least 2 tokens/);
		await neox.dispose();
	});

	test("is refused with what is missing where its weights are not all there", async () => {
		const here = join(fixtures.folder, "missing");
		mkdirSync(here);
		const file = join(here, "model.onnx");
		writeModel(
			file,
			moveOut(readModel(fixtures.path("gpt2", "model")), file, "w.bin"),
		);
		truncateSync(join(here, "w.bin"), 50000);
		await rejects(loadOnnxModel(file), /which has only 50000; it is truncated/);
		const renamed = readFileSync(file, "latin1").replaceAll("w.bin", "v.bin");
		writeFileSync(file, renamed, "latin1");
		await rejects(loadOnnxModel(file), /"v\.bin", which is not beside it/);
		for (const away of ["../w.b", "/etc/w", "a/../w", "C:/abc", "..\\w.b"]) {
			const model = readModel(fixtures.path("gpt2", "model"));
			const place = { location: away, offset: 0, length: 4 };
			const name = "blocks.0.mlp.up.weight";
			model.tensors.set(name, tensorOutside(name, [1], place));
			writeModel(file, model);
			await rejects(loadOnnxModel(file), /outside its own folder/, away);
		}
	});

	test("is refused beside the config.json of another model", async () => {
		const file = alone("gpt2", "model");
		const config = join(file, "..", "config.json");
		writeFileSync(config, JSON.stringify({ n_layer: 12, n_embd: 32 }));
		await rejects(
			loadOnnxModel(file),
			/says that the number of layers is 12, but in .* it is 3/,
		);
		writeFileSync(config, JSON.stringify({ hidden_size: 64 }));
		await rejects(loadOnnxModel(file), /d_model is 64, but in .* it is 32/);
		writeFileSync(config, JSON.stringify({ n_head: 5 }));
		await rejects(loadOnnxModel(file), /heads .* cannot be 5/);
	});

	test("with any of its bytes damaged either loads or is refused with a sentence", async () => {
		const bytes = readFileSync(fixtures.path("llama", "model"));
		const { graph } = readOnnx(fixtures.path("llama", "model"));
		const weights = allTensors(graph).flatMap(({ place }) => place ?? []);
		const isWeight = (at: number) =>
			weights.some(
				({ offset, length }) => at >= offset && at < offset + length,
			);
		const r = random(3);
		const file = join(fixtures.folder, "damaged.onnx");
		let refused = 0;
		for (let i = 0; i < 300; i++) {
			let at = Math.floor(r.uniform() * bytes.length);
			while (isWeight(at)) at = Math.floor(r.uniform() * bytes.length);
			const damaged = Uint8Array.from(bytes);
			damaged[at] = Math.floor(r.uniform() * 256);
			writeFileSync(file, damaged);
			await loadOnnxModel(file).catch((error: Error) => {
				equal(error.constructor, Error, error.stack);
				ok(/^[A-Z/].*\.$/.test(error.message), error.message);
				refused++;
			});
		}
		ok(refused > 30);
	});

	test("of two forms merged in one is that without a cache", () => {
		const merged = merge(
			readModel(fixtures.path("gpt2", "model")),
			readModel(fixtures.path("gpt2", "past")),
		);
		equal(merged.nodes.length, 1);
		const { inputs } = partOf("merged", {
			...{ hooks: [], spliced: {}, logits: true },
		});
		deepEqual(inputs, ["input_ids", "attention_mask", "position_ids"]);
	});
});
