import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { bench } from "../../bench/bench";
import {
	tensorShapes,
	weightBytes,
	writeCheckpoint,
} from "../../bench/checkpoint";
import { madeRows } from "../../bench/made-rows";
import { suites } from "../../bench/suites";
import type { Report, Suite } from "../../bench/types";
import { openSafetensors, readTensor } from "../../src/formats/safetensors";
import { loadModel } from "../../src/model";
import { saeLens } from "../peers/python";
import { temporaryFolder } from "../tiny";

const sizes = {
	vocab_size: 300,
	n_positions: 9,
	n_embd: 8,
	n_layer: 2,
	n_head: 2,
};

test("a checkpoint of random weights is a GPT-2 that runs, with a text for every id", async () => {
	const { folder, remove } = temporaryFolder();
	try {
		writeCheckpoint(folder, sizes);
		const file = openSafetensors(join(folder, "model.safetensors"));
		const shapes = Object.entries(tensorShapes(sizes));
		assert.equal(file.tensors.size, shapes.length);
		for (const [name, shape] of shapes)
			assert.deepEqual(file.tensors.get(`transformer.${name}`)?.shape, shape);
		const fc = (layer: number) =>
			readTensor(file, `transformer.h.${layer}.mlp.c_fc.weight`);
		assert.notDeepEqual(fc(0), fc(1));
		const model = await loadModel(folder);
		assert.deepEqual(
			Array.from(model.toTokens("~299").ids.slice(-4)),
			[126, 50, 57, 57],
		);
		const { logits } = await model.run("a text");
		assert.equal(logits?.dims[2], 300);
		assert.ok(logits?.data.every(Number.isFinite));
		await model.dispose();
	} finally {
		remove();
	}
});

test("the weights in use are the embeddings, the layers up to the hook, and for logits the final norm", () => {
	const layer =
		4 *
		(2 * 8 +
			(8 * 24 + 24) +
			(8 * 8 + 8) +
			2 * 8 +
			(8 * 32 + 32) +
			(32 * 8 + 8));
	const embeddings = 4 * (300 * 8 + 9 * 8);
	assert.equal(weightBytes(sizes, 1, false), embeddings + layer);
	assert.equal(weightBytes(sizes, 2, true), embeddings + 2 * layer + 4 * 2 * 8);
});

test("made rows are the same every time, and sparse ones ascend without repeats", () => {
	const wanted = { rows: 20, columns: 60, classes: 4, perRow: 5 };
	const { x, y } = madeRows(wanted);
	assert.deepEqual(madeRows(wanted), { x, y });
	assert.ok(x.kind === "sparse");
	for (let row = 0; row < 20; row++) {
		const own: Uint32Array = x.indices.slice(x.indptr[row], x.indptr[row + 1]);
		assert.equal(own.length, 5);
		assert.ok(
			own.every((column, i) => column < 60 && (i === 0 || column > own[i - 1])),
		);
	}
});

for (const [name, file] of Object.entries(suites))
	test(`the rows of the suite "${name}" have names of their own`, () => {
		const { suite } = require(file) as { suite: Suite };
		const names = suite.rows.map((row) => row.name);
		assert.ok(names.length > 0);
		assert.equal(new Set(names).size, names.length);
	});

test("extraction and PyTorch, stopped at the same layer of the same checkpoint, agree", async () => {
	const out: string[] = [];
	const err: string[] = [];
	const code = await bench(
		["extract", "--json", "--rows", "residual, tiny", "--rounds", "1"],
		suites,
		{ stdout: (line) => out.push(line), stderr: (line) => err.push(line) },
	);
	assert.equal(code, 0, err.join("\n")); // the row fails where they differ
	const [row] = (JSON.parse(out[0]) as Report).rows;
	assert.equal(row.name, "layer 5 residual, tiny, 16x128");
	assert.ok(row.ours_ms > 0);
	const installed = saeLens.skip === false;
	assert.equal(row.peer, installed ? "PyTorch eager" : null);
	assert.equal(row.ratio === null, !installed);
});
