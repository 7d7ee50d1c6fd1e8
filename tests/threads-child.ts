// Run by threads.test.ts: what threads a process has after it used every kind of session, and a hash of what came out.

import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { stat } from "node:fs/promises";
import { Tensor } from "onnxruntime-node";
import { gemm } from "../src/activations";
import { silhouette } from "../src/cluster/silhouette";
import { OnnxGraph } from "../src/formats/onnx";
import { loadModel } from "../src/model";
import { createSession } from "../src/sae/engine/store";
import { allowedThreads } from "../src/threads";

const tasks = () => readdirSync("/proc/self/task");
const bits: Record<string, string> = {};
const add = (name: string, data: unknown) => {
	const { buffer } = (data as Float32Array).slice();
	bits[name] = createHash("sha256").update(Buffer.from(buffer)).digest("hex");
};

async function main(): Promise<void> {
	await Promise.all([1, 2, 3, 4, 5, 6].map(() => stat("."))); // Node.js's own threads
	const model = await loadModel("tiny-gpt2");
	const before = tasks().length;
	const text = "A small step for a test of how many threads there are";
	const hook = "blocks.3.hook_resid_post";
	const { cache } = await model.runWithCache(text, { names_filter: [hook] });
	add("forward", cache[hook].data);
	const { gradients } = await model.runWithGradients(text, {
		metric: { type: "loss" },
		hooks: ["blocks.0.hook_resid_pre"],
	});
	// How a sum is cut among threads changes its last bits, so these are compared as numbers.
	const slopes = Array.from(gradients["blocks.0.hook_resid_pre"].data);
	const data = Float32Array.from({ length: 512 * 64 }, (_, i) => Math.sin(i));
	const x = new Tensor("float32", data, [512, 64]);
	add("product", (await (await gemm("w")).run({ x, w: x })).y.data);
	const matrix = { kind: "dense" as const, data, rows: 512, columns: 64 };
	const groups = Array.from({ length: 512 }, (_, i) => i % 3);
	add(
		"silhouette",
		Float64Array.of(await silhouette(matrix, groups, { seed: 0 })),
	);
	const g = new OnnxGraph();
	g.input("x", "float32", ["n", 64]);
	g.op("Softmax", ["x"], {}, "y");
	add(
		"encoder",
		(await (await createSession(g.build(["y"]))).run({ x })).y.data,
	);
	const allowed = tasks().map((id) => {
		const status = readFileSync(`/proc/self/task/${id}/status`, "utf8");
		return /Cpus_allowed_list:\s*(\S+)/.exec(status)?.[1];
	});
	console.log(
		JSON.stringify({
			threads: allowedThreads(),
			made: tasks().length - before,
			allowed: [...new Set(allowed)],
			bits,
			slopes,
		}),
	);
}

main();
