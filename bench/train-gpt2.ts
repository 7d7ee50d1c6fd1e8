/**
 * One training step of GPT-2 (forward, backward, clip, Adam): ours, PyTorch eager with 2 threads, and TensorFlow.js
 * (wasm, autodiff), in turns, so that a busy machine is busy for all. Prints the median and the least, in ms.
 *
 *     npx tsx bench/train-gpt2.ts
 */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import * as tf from "@tensorflow/tfjs";
import { setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import { sizes as small } from "../data/training/model-files";
import { openTrainer } from "../data/training/trainer";
import { weightShapes } from "../src/model/backward";
import { random } from "../src/random";
import { textbookLoss } from "../tests/model/textbook-gpt2";

const [batch, seq] = [16, 38];
const rounds = 12;

type Engine = { step(): Promise<number>; close(): void };

function texts() {
	const r = random(1);
	const draw = () =>
		Int32Array.from({ length: batch * seq }, () => r.int(small.d_vocab));
	return { ids: draw(), targets: draw(), batch, seq };
}

async function timed(work: () => Promise<unknown>): Promise<number> {
	const from = performance.now();
	await work();
	return performance.now() - from;
}

async function ours(): Promise<Engine> {
	const trainer = await openTrainer(small, 1);
	const one = {
		...texts(),
		far: new Float32Array(batch * seq),
		count: batch * seq,
		best: 0,
	};
	let t = 0;
	return {
		step: () =>
			timed(() => trainer.step([one], { lr: 1e-3, step: ++t, emphasis: 1 })),
		close: () => void trainer.dispose(),
	};
}

async function tensorflow(): Promise<Engine> {
	setWasmPaths(
		join(dirname(require.resolve("@tensorflow/tfjs-backend-wasm")), "/"),
	);
	await tf.setBackend("wasm");
	const weights = Object.entries(weightShapes(small)).map(([name, shape]) =>
		tf.variable(
			name.includes("ln_") && name.endsWith("weight")
				? tf.ones(shape)
				: tf.randomNormal(shape, 0, 0.02),
			true,
			name,
		),
	);
	const adam = tf.train.adam(1e-3, 0.9, 0.98);
	const given = texts();
	return {
		step: () =>
			timed(async () => {
				const loss = adam.minimize(
					() =>
						textbookLoss(
							small,
							Object.fromEntries(weights.map((v) => [v.name, v])),
							given,
						).div(batch * seq),
					true,
				);
				await loss?.data();
				loss?.dispose();
			}),
		close: () => undefined,
	};
}

function pytorch(): Engine {
	const settings = { ...small, batch, seq, shapes: weightShapes(small) };
	const child = spawn(
		"/usr/bin/python3",
		[join(__dirname, "train_gpt2_torch.py"), JSON.stringify(settings)],
		{
			stdio: ["pipe", "pipe", "inherit"],
			env: { ...process.env, OMP_WAIT_POLICY: "passive" }, // its threads wait asleep, as ours
		},
	);
	const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
	return {
		async step() {
			child.stdin.write("\n");
			const { value, done } = await lines.next();
			if (done)
				throw new Error("PyTorch ended early; is python3-torch installed?");
			return Number(value);
		},
		close: () => child.stdin.end(),
	};
}

async function main(): Promise<void> {
	const engines: Record<string, Engine> = { ours: await ours() };
	if (existsSync("/usr/lib/python3/dist-packages/torch"))
		engines["PyTorch eager"] = pytorch();
	engines["TensorFlow.js wasm"] = await tensorflow();
	const times: Record<string, number[]> = {};
	for (let round = 0; round <= rounds; round++)
		for (const [name, engine] of Object.entries(engines)) {
			if (name.startsWith("TensorFlow") && round > 2) continue; // seconds a step
			const ms = await engine.step();
			if (round > 0) times[name] = [...(times[name] ?? []), ms];
		}
	for (const [name, ms] of Object.entries(times)) {
		ms.sort((a, b) => a - b);
		const median = ms[Math.floor(ms.length / 2)];
		console.log(
			`${name.padEnd(20)} median ${median.toFixed(0)} ms, least ${ms[0].toFixed(0)} ms, ${Math.round((1000 * batch * seq) / median)} tokens/s`,
		);
	}
	for (const engine of Object.values(engines)) engine.close();
}

main().catch((error: Error) => {
	console.error(error.message);
	process.exitCode = 1;
});
