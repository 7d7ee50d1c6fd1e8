/** GPT-2 with random weights, from token ids to hidden states, logits, gradients and new tokens, beside PyTorch. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { loadModel, type Model, type TokenBatch } from "../../src/model";
import { random } from "../../src/random";
import {
	gpt2Sizes,
	type Sizes,
	weightBytes,
	writeCheckpoint,
} from "../checkpoint";
import { startPeer } from "../peer";
import { median, medianMs, timed } from "../turns";
import type { Measured, Peer, Row, Suite, Work } from "../types";

type Size = "tiny" | "gpt2-small";
/** Texts × tokens. */
type Batch = [batch: number, seq: number];

const LAYER = 5;
const layers = LAYER + 1;
const residual = `blocks.${LAYER}.hook_resid_post` as const;

/** Operations of the dense products of so many layers: 12 d² weights a layer, and attention's two products. */
function blockFlops(sizes: Sizes, layers: number, [batch, seq]: Batch): number {
	const d = sizes.n_embd;
	return batch * seq * layers * (2 * 12 * d * d + 4 * seq * d);
}

function headFlops(sizes: Sizes, [batch, seq]: Batch): number {
	return 2 * batch * seq * sizes.n_embd * sizes.vocab_size;
}

/** The same random ids for us and for the peer, who reads them from a file. */
function drawIds(folder: string, d_vocab: number, [batch, seq]: Batch) {
	const draw = random(1);
	const ids = Int32Array.from({ length: batch * seq }, () => draw.int(d_vocab));
	const file = join(folder, `ids-${batch}x${seq}-${d_vocab}`);
	writeFileSync(file, ids);
	const lengths = new Int32Array(batch).fill(seq);
	const tokens: TokenBatch = { ids, lengths, batch, seq };
	return { file, tokens };
}

function torch(
	folder: string,
	mode: string,
	[batch, seq]: Batch,
	settings: { ids: string; layers: number; new_tokens?: number },
): Promise<Peer | undefined> {
	return startPeer({
		name: "PyTorch eager",
		needs: "torch",
		script: "gpt2_torch.py",
		settings: { folder, mode, batch, seq, ...settings },
	});
}

/** The mean absolute number of the last token. */
function sizeOfLast(data: Float32Array, width: number): number {
	let sum = 0;
	for (const value of data.subarray(data.length - width))
		sum += Math.abs(value);
	return sum / width;
}

/** Throws where the peer's result is another one, since its time would then say nothing. */
function checkSame({ ours, peer }: Measured): void {
	const [own, other] = [ours[0].value, peer?.runs[0].value];
	if (own === undefined || other === undefined) return;
	if (!(Math.abs(own - other) <= 1e-3 * Math.abs(own)))
		throw new Error(
			`the last token's mean absolute number is ${own} here and ${other} in the peer, so they do not do the same work.`,
		);
}

function memoryNote(measured: Measured, weights: number): string {
	checkSame(measured);
	if (measured.peak_mb === null) return "";
	const beyond = Math.round(measured.peak_mb - weights / 1e6);
	return `peak: ${Math.round(weights / 1e6)} MB of weights in use + ${beyond} MB`;
}

function forwardRow(kind: "residual" | "logits", size: Size, b: Batch): Row {
	const sizes = gpt2Sizes[size];
	const logits = kind === "logits";
	const depth = logits ? sizes.n_layer : layers;
	return {
		name: `${logits ? "full logits" : `layer ${LAYER} residual`}, ${size}, ${b.join("x")}`,
		flops: blockFlops(sizes, depth, b) + (logits ? headFlops(sizes, b) : 0),
		async open(root) {
			const folder = join(root, size);
			const { file, tokens } = drawIds(root, sizes.vocab_size, b);
			const model = await loadModel(folder);
			return {
				ours: timed(
					() => model.run(tokens, logits ? {} : { hooks: [residual] }),
					(out) =>
						logits
							? sizeOfLast(out.logits?.data as Float32Array, sizes.vocab_size)
							: sizeOfLast(out.cache[residual].data, sizes.n_embd),
				),
				peer: await torch(folder, kind, b, { ids: file, layers: depth }),
				note: (measured) =>
					memoryNote(measured, weightBytes(sizes, depth, logits)),
			};
		},
	};
}

/** From the folder to the first answer, of one token, of a session cut behind the layer. */
const sessionRow: Row = {
	name: `session ready, layer ${LAYER}, gpt2-small`,
	async open(root): Promise<Work> {
		let model: Model | undefined;
		const one = { ids: Int32Array.of(1), lengths: Int32Array.of(1) };
		const ready = timed(async () => {
			model = await loadModel(join(root, "gpt2-small"));
			await model.run({ ...one, batch: 1, seq: 1 }, { hooks: [residual] });
		});
		return {
			ours: {
				async run() {
					const run = await ready.run();
					await model?.dispose();
					return run;
				},
			},
			note: () => "loadModel and a first run of one token",
		};
	},
};

function gradientsRow(size: Size, b: Batch): Row {
	const sizes = gpt2Sizes[size];
	const hook = "blocks.0.hook_resid_pre";
	return {
		name: `forward+backward, ${size}, ${b.join("x")}`,
		flops: 2 * (blockFlops(sizes, sizes.n_layer, b) + headFlops(sizes, b)),
		async open(root) {
			const folder = join(root, size);
			const { file, tokens } = drawIds(root, sizes.vocab_size, b);
			const model = await loadModel(folder);
			const options = { metric: { type: "loss" }, hooks: [hook] } as const;
			return {
				ours: timed(
					() => model.runWithGradients(tokens, { ...options, hooks: [hook] }),
					// The last token's gradient is 0, since nothing is predicted from it: the one before is compared.
					(out) =>
						sizeOfLast(
							out.gradients[hook].data.subarray(0, -sizes.n_embd),
							sizes.n_embd,
						),
				),
				beside: timed(() => model.run(tokens)),
				peer: await torch(folder, "gradients", b, {
					ids: file,
					layers: sizes.n_layer,
				}),
				note(measured) {
					checkSame(measured);
					const forward = measured.beside ?? [];
					const ratio = median(
						measured.ours.map(({ ms }, round) => ms / forward[round].ms),
					);
					return `${ratio.toFixed(2)} × our forward with logits (${medianMs(forward).toFixed(0)} ms)`;
				},
			};
		},
	};
}

function generateRow(size: Size, after: number, new_tokens: number): Row {
	const sizes = gpt2Sizes[size];
	return {
		name: `generate, ${size}, ${new_tokens} tokens after ${after}`,
		rounds: 3,
		async open(root) {
			const folder = join(root, size);
			const model = await loadModel(folder);
			const prompt = "The cat sat on the mat. ".repeat(after).slice(0, after);
			const { ids } = model.toTokens(prompt, { prepend_bos: false });
			const file = join(root, "prompt");
			writeFileSync(file, ids);
			const settings = { ids: file, layers: sizes.n_layer, new_tokens };
			return {
				ours: timed(
					() =>
						model.generate(prompt, {
							max_new_tokens: new_tokens,
							temperature: 0,
							stop_at_eos: false,
							prepend_bos: false,
						}),
					(out) => out.ids.reduce((sum, id) => sum + id, 0) / out.ids.length,
				),
				peer: await torch(folder, "generate", [1, after], settings),
				note(measured) {
					checkSame(measured);
					const ms = medianMs(measured.ours);
					return `${((1000 * new_tokens) / ms).toFixed(1)} tokens/s`;
				},
			};
		},
	};
}

export const suite: Suite = {
	rows: [
		forwardRow("residual", "gpt2-small", [8, 128]),
		forwardRow("logits", "gpt2-small", [8, 128]),
		forwardRow("residual", "tiny", [16, 128]),
		sessionRow,
		gradientsRow("gpt2-small", [4, 128]),
		generateRow("gpt2-small", 64, 32),
	],
	prepare(folder, rows) {
		for (const [size, sizes] of Object.entries(gpt2Sizes))
			if (rows.some(({ name }) => name.includes(size)))
				writeCheckpoint(join(folder, size), sizes);
	},
};
