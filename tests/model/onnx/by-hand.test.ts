import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { InferenceSession, Tensor as OrtTensor } from "onnxruntime-node";
import { OnnxGraph } from "../../../src/formats/onnx";
import { bytesField, varintField } from "../../../src/formats/protobuf";
import { loadOnnxModel } from "../../../src/model";
import { temporaryFolder } from "../../tiny";

const { folder, remove } = temporaryFolder();
after(remove);

let files = 0;
/** What a graph is refused with. */
async function refused(bytes: Uint8Array, why: RegExp): Promise<void> {
	const file = join(folder, `${files++}.onnx`);
	writeFileSync(file, bytes);
	await rejects(loadOnnxModel(file), why);
}

const d = 8;
const matrix = (g: OnnxGraph, rows: number, columns: number) =>
	g.float(
		Float32Array.from({ length: rows * columns }, (_, i) => Math.sin(i)),
		[rows, columns],
	);
const dense = (g: OnnxGraph, x: string, columns = d, rows = d) =>
	g.op("MatMul", [x, matrix(g, rows, columns)]);
const norm = (g: OnnxGraph, x: string) =>
	g.op("LayerNormalization", [x, g.float(Array(d).fill(1))], { axis: -1 });
/** Attention with one head, which sees everything. */
function attend(g: OnnxGraph, x: string): string {
	const keys = g.op("Transpose", [dense(g, x)], { perm: [0, 2, 1] });
	const scores = g.op("MatMul", [dense(g, x), keys]);
	const pattern = g.op("Softmax", [scores], { axis: -1 });
	return dense(g, g.op("MatMul", [pattern, dense(g, x)]));
}
const think = (g: OnnxGraph, x: string) =>
	dense(g, g.op("Relu", [dense(g, x, 4 * d)]), d, 4 * d);
const embed = (g: OnnxGraph) =>
	g.op("Gather", [
		matrix(g, 20, d),
		g.input("input_ids", "int64", ["batch", "seq"]),
	]);
const logits = (g: OnnxGraph, x: string) =>
	g.op("MatMul", [x, matrix(g, d, 20)], {}, "logits");

/** A decoder of one block; `change` stands between its embedding and its stream. */
function decoder(change = (_: OnnxGraph, x: string) => x): OnnxGraph {
	const g = new OnnxGraph();
	const x = change(g, embed(g));
	const mid = g.op("Add", [x, attend(g, norm(g, x))]);
	logits(g, norm(g, g.op("Add", [mid, think(g, norm(g, mid))])));
	return g;
}

/** What the first block's attention adds, from a graph that does nothing else. */
let attentionAlone: Float32Array;
before(async () => {
	const g = new OnnxGraph();
	const y = attend(g, norm(g, embed(g)));
	const session = await InferenceSession.create(g.build([y]));
	const ids = new OrtTensor("int64", [3n, 1n, 19n, 5n, 5n, 0n], [2, 3]);
	attentionAlone = (await session.run({ input_ids: ids }))[y]
		.data as Float32Array;
	await session.release();
});

test("a decoder written by hand is taken, with one head as its config.json says", async () => {
	const home = join(folder, "by hand");
	mkdirSync(home);
	writeFileSync(join(home, "any name.onnx"), decoder().build(["logits"]));
	await rejects(
		loadOnnxModel(home),
		/number of attention heads .* config\.json/,
	);
	writeFileSync(join(home, "config.json"), '{"num_heads": 1}');
	const model = await loadOnnxModel(home);
	deepEqual(
		[...model.hook_names],
		[
			"hook_embed",
			"blocks.0.hook_resid_pre",
			"blocks.0.ln1.hook_normalized",
			"blocks.0.ln1.hook_out",
			"blocks.0.attn.hook_pattern",
			"blocks.0.attn.hook_z",
			"blocks.0.hook_attn_out",
			"blocks.0.hook_resid_mid",
			"blocks.0.ln2.hook_normalized",
			"blocks.0.ln2.hook_out",
			"blocks.0.mlp.hook_post",
			"blocks.0.hook_mlp_out",
			"blocks.0.hook_resid_post",
			"ln_final.hook_normalized",
			"ln_final.hook_out",
		],
	);
	await model.dispose();
});

/** Loads a graph with one head; its hooks without those that every block here has. */
async function taken(g: OnnxGraph) {
	const home = join(folder, `${files++}`);
	mkdirSync(home);
	writeFileSync(join(home, "model.onnx"), g.build(["logits"]));
	writeFileSync(join(home, "config.json"), '{"num_heads": 1}');
	const model = await loadOnnxModel(home);
	const { cache } = await model.runWithCache(
		model.batch([Int32Array.of(3, 1, 19), Int32Array.of(5, 5, 0)]),
	);
	await model.dispose();
	return { names: [...model.hook_names], cache };
}

type Cache = Awaited<ReturnType<typeof taken>>["cache"];

/** That a hook's values are the sum of others'. */
function isSum(cache: Cache, hook: string, ...parts: string[]): void {
	cache[hook].data.forEach((value, i) => {
		const sum = parts.reduce((total, part) => total + cache[part].data[i], 0);
		ok(Math.abs(sum - value) < 1e-4 * Math.max(1, Math.abs(value)), hook);
	});
}

test("attention and MLP side by side are told apart in whatever order they are added", async () => {
	for (const order of ["xam", "xma", "amx", "max", "axm"]) {
		const g = new OnnxGraph();
		const x = embed(g);
		const normed = norm(g, x);
		const parts = { x, a: attend(g, normed), m: think(g, normed) };
		const [one, two, three] = [...order].map((p) => parts[p as "x"]);
		logits(g, norm(g, g.op("Add", [g.op("Add", [one, two]), three])));
		const { names, cache } = await taken(g);
		ok(!names.some((name) => /resid_mid|ln2/.test(name)));
		equal(names.length, 12);
		const block = "blocks.0.hook_";
		const own = [`${block}resid_pre`, `${block}attn_out`, `${block}mlp_out`];
		isSum(cache, `${block}resid_post`, ...own);
		deepEqual(cache[`${block}attn_out`].data, attentionAlone);
	}
});

test("positions that are computed from how long the text is are no block", async () => {
	const g = decoder((g, x) => {
		const length = g.op("Gather", [g.op("Shape", [x]), g.int(1)]);
		const places = g.op("Range", [g.int(0), length, g.int(1)]);
		const column = g.op("Unsqueeze", [places, g.int([1])]);
		const waves = dense(g, g.op("Cast", [column], { to: 1 }), d, 1);
		return g.op("Add", [x, g.op("Sin", [waves])]);
	});
	const { names, cache } = await taken(g);
	equal(names.length, 15);
	const { data } = cache.hook_embed;
	const stream = cache["blocks.0.hook_resid_pre"].data;
	deepEqual(stream.subarray(0, d), data.subarray(0, d)); // sin 0 is 0
	ok(Math.abs(stream[d + 1] - data[d + 1] - Math.sin(Math.sin(1))) < 1e-6);
});

test("blocks of attention only have no MLP's hooks", async () => {
	const g = new OnnxGraph();
	let x = embed(g);
	for (let i = 0; i < 3; i++) x = g.op("Add", [attend(g, norm(g, x)), x]);
	logits(g, norm(g, x));
	const { names, cache } = await taken(g);
	equal(names.length, 3 + 3 * 7);
	ok(!names.some((name) => /mlp|ln2|resid_mid/.test(name)));
	deepEqual(cache["blocks.0.hook_attn_out"].data, attentionAlone);
	for (const i of [0, 1, 2]) {
		const block = `blocks.${i}.hook_`;
		isSum(cache, `${block}resid_post`, `${block}resid_pre`, `${block}attn_out`);
	}
});

test("an embedding that is scaled, and branches that are normalised before they are added, belong to the model", async () => {
	const g = new OnnxGraph();
	const x = g.op("Mul", [embed(g), g.float(Math.sqrt(d))]);
	const mid = g.op("Add", [x, norm(g, attend(g, norm(g, x)))]);
	const end = g.op("Add", [norm(g, think(g, norm(g, mid))), mid]);
	logits(g, norm(g, end));
	const { cache } = await taken(g);
	deepEqual(cache.hook_embed.data, cache["blocks.0.hook_resid_pre"].data);
	const table = Float32Array.from({ length: 20 * d }, (_, i) => Math.sin(i));
	const first = Array.from(table.subarray(3 * d, 4 * d), (v) =>
		Math.fround(v * Math.fround(Math.sqrt(d))),
	);
	deepEqual([...cache.hook_embed.data.subarray(0, d)], first);
	const block = "blocks.0.hook_";
	isSum(cache, `${block}resid_mid`, `${block}resid_pre`, `${block}attn_out`);
	isSum(cache, `${block}resid_post`, `${block}resid_mid`, `${block}mlp_out`);
	for (const branch of ["attn_out", "mlp_out"]) {
		// what is added has been normalised: mean 0, variance 1
		const row = [...cache[`${block}${branch}`].data.subarray(0, d)];
		ok(Math.abs(row.reduce((a, b) => a + b)) < 1e-4);
		ok(Math.abs(row.reduce((a, b) => a + b * b, 0) / d - 1) < 1e-2);
	}
});

test("what is no language model is refused", async () => {
	const g = new OnnxGraph();
	const image = g.input("pixel_values", "float32", ["batch", 3, 8, 8]);
	const weights = g.float(Array(3 * 3 * 9).fill(0.1), [3, 3, 3, 3]);
	const x = g.op("Conv", [image, weights], { pads: [1, 1, 1, 1] });
	g.op("Add", [x, image], {}, "logits");
	await refused(
		g.build(["logits"]),
		/no input "input_ids" \(its inputs are "pixel_values"\)/,
	);
	const h = new OnnxGraph();
	h.op("Identity", [embed(h)], {}, "last_hidden_state");
	await refused(
		h.build(["last_hidden_state"]),
		/gives no "logits" \(its outputs are "last_hidden_state"\); export .* "text-generation"/,
	);
});

test("a part of a larger model is refused", async () => {
	const g = decoder((g, x) =>
		g.op("Add", [
			x,
			g.input("encoder_hidden_states", "float32", ["batch", "seq", d]),
		]),
	);
	await refused(
		g.build(["logits"]),
		/needs "encoder_hidden_states", so it is a part of a larger model/,
	);
});

test("an input that nobody knows how to fill is refused", async () => {
	const g = decoder((g, x) =>
		g.op("Mul", [x, g.input("volume", "float32", [])]),
	);
	await refused(
		g.build(["logits"]),
		/needs an input "volume", which cannot be/,
	);
	const h = decoder((g, x) => {
		const type = Buffer.concat([varintField(1, 2), bytesField(2, "")]); // uint8
		const name = "token_type_ids";
		const value = [bytesField(1, name), bytesField(2, bytesField(1, type))];
		g.adopt("input", name, [], Buffer.concat(value));
		return g.op("Add", [x, g.op("Cast", [name], { to: 1 })]);
	});
	await refused(
		h.build(["logits"]),
		/"token_type_ids" of element type 2, which cannot be given/,
	);
});

test("a graph for one size of batch only is refused", async () => {
	const g = new OnnxGraph();
	const ids = g.input("input_ids", "int64", [1, 128]);
	const x = g.op("Gather", [matrix(g, 20, d), ids]);
	logits(g, norm(g, g.op("Add", [x, attend(g, norm(g, x))])));
	await refused(g.build(["logits"]), /input_ids of shape \[1,128\] only/);
});

test("a model without a residual stream is refused", async () => {
	const g = new OnnxGraph();
	logits(g, think(g, attend(g, embed(g)))); // one after the other
	await refused(
		g.build(["logits"]),
		/has no residual stream that could be found/,
	);
	// a stream that is itself normalised, as BERT's and GPT-1's
	const h = new OnnxGraph();
	const x = embed(h);
	const mid = norm(h, h.op("Add", [x, attend(h, x)]));
	logits(h, norm(h, h.op("Add", [mid, think(h, mid)])));
	await refused(
		h.build(["logits"]),
		/has no residual stream that could be found/,
	);
	// sums without attention
	const i = new OnnxGraph();
	const y = embed(i);
	logits(i, norm(i, i.op("Add", [y, think(i, norm(i, y))])));
	await refused(
		i.build(["logits"]),
		/has no residual stream that could be found/,
	);
});

test("a path without an ONNX file is refused", async () => {
	await rejects(loadOnnxModel(join(folder, "none")), /no file or folder/);
	const empty = join(folder, "empty");
	mkdirSync(join(empty, "onnx"), { recursive: true });
	await rejects(loadOnnxModel(empty), /holds no ONNX file/);
	writeFileSync(join(empty, "a.onnx"), "");
	await rejects(loadOnnxModel(empty), /holds no graph/);
	writeFileSync(join(empty, "onnx", "b.onnx"), "");
	await rejects(loadOnnxModel(empty), /several ONNX files.*a\.onnx.*b\.onnx/);
	writeFileSync(join(empty, "onnx", "decoder_model.onnx"), "{}");
	await rejects(loadOnnxModel(empty), /decoder_model\.onnx is not an ONNX/);
});
