/**
 * Tokens per second from text ids to hidden states beside PyTorch (eager, stopped at the same layer), the same batches
 * in turns on the same machine; random weights. What is not installed is left out, and said.
 *
 *     npx tsx bench/extract.ts          # the size of tiny-gpt2
 *     npx tsx bench/extract.ts small    # the size of GPT-2 small; writes a 500 MB checkpoint to the temporary folder
 */
import { spawn, spawnSync } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { loadModel, type TokenBatch } from "../src/model";
import { random } from "../src/random";
import { temporaryFolder, writeRandomGpt2 } from "../tests/tiny";

const sizes = {
	tiny: { vocab_size: 1000, n_embd: 128, n_layer: 6, n_head: 4 },
	small: { vocab_size: 50257, n_embd: 768, n_layer: 12, n_head: 12 },
};
const size = process.argv[2] === "small" ? "small" : "tiny";
const LAYER = 5;
const [batch, seq] = [16, 128];
const ROUNDS = 7;

/** One batch; gives the seconds it took. */
type Engine = () => Promise<number>;

async function ours(folder: string): Promise<Engine> {
	const model = await loadModel(folder);
	const draw = random(1);
	const ids = Int32Array.from({ length: batch * seq }, () =>
		draw.int(model.info.d_vocab),
	);
	const lengths = new Int32Array(batch).fill(seq);
	const input: TokenBatch = { ids, lengths, batch, seq };
	return async () => {
		const start = performance.now();
		await model.run(input, { hooks: [`blocks.${LAYER}.hook_resid_post`] });
		return (performance.now() - start) / 1000;
	};
}

function torch(): { engine: Engine; stop: () => void } | undefined {
	const python = "/usr/bin/python3";
	if (spawnSync(python, ["-c", "import torch"]).status !== 0) return undefined;
	const { vocab_size, n_embd, n_head } = sizes[size];
	const script = join(__dirname, "extract_torch.py");
	const numbers = [vocab_size, n_embd, LAYER + 1, n_head, batch, seq];
	const child = spawn(python, [script, ...numbers.map(String)], {
		stdio: ["pipe", "pipe", "inherit"],
	});
	const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
	return {
		engine: async () => {
			child.stdin.write("\n");
			return Number((await lines.next()).value);
		},
		stop: () => child.stdin.end(),
	};
}

async function main(): Promise<void> {
	const { folder, remove } = temporaryFolder();
	writeRandomGpt2(folder, { ...sizes[size], n_positions: 128 });
	const engines: [string, Engine][] = [["sparselens", await ours(folder)]];
	const peer = torch();
	if (peer) engines.push(["PyTorch eager", peer.engine]);
	else console.log("PyTorch is not installed: left out.");
	const seconds: number[][] = engines.map(() => []);
	for (let round = 0; round <= ROUNDS; round++)
		for (const [i, [, engine]] of engines.entries()) {
			const took = await engine();
			if (round > 0) seconds[i].push(took); // the first round warms up
		}
	peer?.stop();
	remove();
	const median = (values: number[]) =>
		values.sort((a, b) => a - b)[Math.floor(values.length / 2)];
	console.log(
		`${size}: ${batch} texts of ${seq} tokens to blocks.${LAYER}.hook_resid_post`,
	);
	for (const [i, [name]] of engines.entries()) {
		const ratio = median(seconds[i].map((s, round) => s / seconds[0][round]));
		console.log(
			`  ${name.padEnd(16)} ${Math.round((batch * seq) / median([...seconds[i]]))} tokens/s   sparselens is ${ratio.toFixed(2)} times as fast`,
		);
	}
}

main();
