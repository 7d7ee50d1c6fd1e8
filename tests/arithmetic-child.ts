// Run by arithmetic.test.ts: everything that computes, and then whether the smallest numbers are still numbers.

import { Worker } from "node:worker_threads";
import { extract, gemm } from "../src/activations";
import { silhouette } from "../src/cluster/silhouette";
import { loadModel } from "../src/model";
import { loadTfjs, trainSae } from "../src/sae";

/** An exported function that multiplies two f32. */
const bytes = Uint8Array.from([
	...[0, 97, 115, 109, 1, 0, 0, 0],
	...[1, 7, 1, 96, 2, 125, 125, 1, 125], // (f32, f32) → f32
	...[3, 2, 1, 0],
	...[7, 5, 1, 1, 109, 0, 0], // "m"
	...[10, 9, 1, 7, 0, 32, 0, 32, 1, 148, 11],
]);

/** What a thread is asked, as text, since workers have no TypeScript: how often it got a wrong answer. */
const question = `
	const { m } = new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports;
	const positive = (x) => x > 0;
	const half = (x) => x / 2;
	const entropy = (row) => row.reduce((s, p) => s - p * Math.log(p + Number.MIN_VALUE), 0);
	let wrong = 0;
	for (let i = 0; i < 3e6; i++) {
		if (!positive(Number.MIN_VALUE)) wrong++;
		if (half(2 ** -1073) !== 2 ** -1074) wrong++;
	}
	for (let i = 0; i < 1e5; i++) {
		if (m(2 ** -100, 2 ** -40) !== 2 ** -140) wrong++;
		if (m(2 ** -140, 2) !== 2 ** -139) wrong++;
		if (Math.abs(entropy([0.5, 0.5, 0]) - Math.LN2) > 1e-15) wrong++;
	}
	if (JSON.parse("5e-324") !== Number.MIN_VALUE) wrong++;
	return wrong;
`;
const ask = new Function("bytes", question) as (bytes: Uint8Array) => number;

function worker(): { ask(): Promise<number> } {
	const made = new Worker(
		`const { parentPort } = require("node:worker_threads");
		const ask = new Function("bytes", ${JSON.stringify(question)});
		parentPort.on("message", (bytes) => parentPort.postMessage(ask(bytes)));`,
		{ eval: true, execArgv: [] },
	);
	return {
		ask: () =>
			new Promise((resolve) => {
				made.once("message", (wrong: number) => {
					void made.terminate();
					resolve(wrong);
				});
				made.postMessage(bytes);
			}),
	};
}

async function main(): Promise<void> {
	const earlier = worker();
	const model = await loadModel("tiny-gpt2");
	const texts = ["A cat sat on the mat.", "The dog saw a small cat."];
	await model.runWithCache(texts);
	await model.generate("A cat", { max_new_tokens: 3 });
	await model.runWithGradients(texts, {
		metric: { type: "loss" },
		hooks: ["hook_embed"],
	});
	const first = ask(bytes);
	await loadTfjs();
	const acts = await extract(model, texts, {
		hook_name: "blocks.1.hook_resid_post",
	});
	for (const engine of ["onnx", "tfjs"] as const)
		await trainSae(acts, {
			...{ engine, d_sae: 16, k: 2, architecture: "topk" },
			...{ training_tokens: 64, train_batch_size_tokens: 4 },
		});
	await gemm("none");
	const data = Float32Array.from({ length: 64 }, (_, i) => Math.sin(i));
	const rows = { kind: "dense" as const, data, rows: 16, columns: 4 };
	await silhouette(
		rows,
		Array.from({ length: 16 }, (_, i) => i % 2),
		{ seed: 0 },
	);
	const wrong = {
		first,
		main: ask(bytes),
		earlier: await earlier.ask(),
		later: await worker().ask(),
	};
	await model.dispose();
	console.log(JSON.stringify({ ...wrong, after: ask(bytes) }));
}

main();
