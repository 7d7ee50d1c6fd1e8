/**
 * Training steps per second of the fast engine beside PyTorch (eager) and TensorFlow.js, the same work in turns on
 * the same machine. What is not installed is left out, and said.
 *
 *     npx tsx bench/sae.ts [d_in d_sae batch k]
 */
import { spawn, spawnSync } from "node:child_process";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type * as Tf from "@tensorflow/tfjs";
import { random } from "../src/random";
import { loadTfjs, standardLoss, topkLoss } from "../src/sae";
import { adamOptimizer } from "../src/sae/adam";
import { parameters } from "../src/sae/engine";
import { trainSettings } from "../src/sae/options";
import type { SaeTensors } from "../src/sae/oracle";
import { standardTrainee } from "../src/sae/standard";
import { topkTrainee } from "../src/sae/topk";

const ROUNDS = 7;
const [d_in = 128, d_sae = 1024, batch = 1024, k = 16] = process.argv
	.slice(2)
	.map(Number);
const shape = { d_in, d_sae, batch };
const none = new Uint32Array(0);

type Architecture = "standard" | "topk";
/** Takes so many steps and gives the seconds they took. */
type Engine = (steps: number) => Promise<number>;

function normals(n: number): Float32Array {
	const source = random(0);
	return Float32Array.from({ length: n }, () => source.normal());
}

async function fast(architecture: Architecture): Promise<Engine> {
	const settings = trainSettings(
		{ architecture, d_sae, k, train_batch_size_tokens: batch },
		batch,
	);
	const b_dec = new Float32Array(d_in);
	const trainee =
		architecture === "topk"
			? await topkTrainee(shape, settings, b_dec, random(0))
			: await standardTrainee(shape, b_dec, random(0));
	const adam = adamOptimizer(trainee, settings);
	const xs = normals(batch * d_in);
	let t = 0;
	return async (steps) => {
		const start = performance.now();
		for (let i = 0; i < steps; i++) {
			trainee.store.array.x.set(xs);
			await trainee.gradients({ l1: 1, dead: none });
			trainee.projectGradient();
			adam(t++);
			trainee.constrain();
		}
		return (performance.now() - start) / 1000;
	};
}

async function tensorflow(
	tf: typeof Tf,
	architecture: Architecture,
): Promise<Engine> {
	const x = tf.tensor2d(normals(batch * d_in), [batch, d_in]);
	const W_dec = tf.randomNormal([d_sae, d_in], 0, d_in ** -0.5) as Tf.Tensor2D;
	const start = [W_dec.transpose(), tf.zeros([d_sae]), W_dec, tf.zeros([d_in])];
	const variables = parameters.map((p, i) => [p, tf.variable(start[i])]);
	const w = Object.fromEntries(variables) as unknown as SaeTensors;
	const settings = { k, aux_loss_coefficient: 1, dead: tf.zeros([d_sae]) };
	const loss = () =>
		architecture === "topk"
			? topkLoss(tf, x, w, settings as Parameters<typeof topkLoss>[3]).total
			: standardLoss(tf, x, w, 1).total;
	const adam = tf.train.adam(0.001);
	return async (steps) => {
		const from = performance.now();
		for (let i = 0; i < steps; i++) tf.tidy(() => void adam.minimize(loss));
		await w.b_dec.data();
		return (performance.now() - from) / 1000;
	};
}

/** The python that has PyTorch; a `python3` on the path may have none while Debian's has. */
function pythonWithTorch(): string | undefined {
	return ["python3", "/usr/bin/python3"].find(
		(python) => spawnSync(python, ["-c", "import torch"]).status === 0,
	);
}

function torch(python: string, architecture: Architecture) {
	const script = join(__dirname, "sae_torch.py");
	const sizes = [d_in, d_sae, batch, k, availableParallelism()].map(String);
	const child = spawn(python, [script, architecture, ...sizes], {
		stdio: ["pipe", "pipe", "inherit"],
	});
	const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
	const engine: Engine = async (steps) => {
		child.stdin.write(`${steps}\n`);
		return Number((await lines.next()).value);
	};
	return { engine, stop: () => child.stdin.end() };
}

function median(values: number[]): number {
	return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
}

async function compare(architecture: Architecture): Promise<void> {
	const engines: [string, Engine, number][] = [
		["fast engine", await fast(architecture), 20],
	];
	const python = pythonWithTorch();
	const peer = python ? torch(python, architecture) : undefined;
	if (peer) engines.push(["PyTorch eager", peer.engine, 20]);
	else console.log("PyTorch is not installed: left out.");
	const { tf, backend, why } = await loadTfjs();
	console.log(`TensorFlow.js runs on "${backend}": ${why}`);
	engines.push([`tfjs ${backend}`, await tensorflow(tf, architecture), 1]);

	for (const [, engine, steps] of engines) await engine(steps); // warm up
	const seconds: number[][] = engines.map(() => []);
	for (let round = 0; round < ROUNDS; round++)
		for (const [i, [, engine, steps]] of engines.entries())
			seconds[i].push((await engine(steps)) / steps);
	peer?.stop();
	console.log(
		`${architecture}${architecture === "topk" ? ` k ${k}` : ""}, ${d_in} → ${d_sae}, ${batch} rows a step, ${availableParallelism()} threads:`,
	);
	for (const [i, [name]] of engines.entries()) {
		const ratio = median(seconds[i].map((s, round) => s / seconds[0][round]));
		console.log(
			`  ${name.padEnd(16)} ${(1 / median(seconds[i])).toFixed(2).padStart(8)} steps/s   the fast engine is ${ratio.toFixed(2)} times as fast`,
		);
	}
}

async function main(): Promise<void> {
	await compare("standard");
	await compare("topk");
}

main();
