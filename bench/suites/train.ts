/**
 * Training steps of the fast engine (gradients, clip, Adam, unit rows) beside PyTorch, and beside TensorFlow.js with
 * autodiff. Both sides clip, keep the decoder's rows at length 1 and revive dead latents alike.
 */
import { availableParallelism } from "node:os";
import { random } from "../../src/random";
import { architectures } from "../../src/sae/architectures";
import { startingState } from "../../src/sae/engine/start";
import { trainSettings } from "../../src/sae/training/options";
import { startPeer } from "../peer";
import { medianMs, timed } from "../turns";
import type { Contender, Measured, Row, Suite } from "../types";

export interface SaeSizes {
	architecture: "standard" | "topk";
	d_in: number;
	d_sae: number;
	batch: number;
	/** Of a topk. */
	k: number;
	/** Latents that count as dead in every step, of a topk. */
	dead: number;
}

interface How {
	/** Steps in one run; where one takes long, few are enough. */
	steps: number;
	/** PyTorch as we compute it, PyTorch with b_dec folded into the encoder's bias, or TensorFlow.js. */
	peer: "torch" | "torch folded" | "tfjs" | "one thread";
}

async function ours(
	{ architecture, d_in, d_sae, batch, k, dead }: SaeSizes,
	steps: number,
	threads?: number,
): Promise<Contender> {
	const settings = {
		...trainSettings(
			{ architecture, d_sae, k, train_batch_size_tokens: batch },
			batch,
		),
		threads,
	};
	const shape = { d_in, d_sae, batch };
	const b_dec = new Float32Array(d_in);
	const rules = architectures[architecture];
	const trainee = await rules.open(shape, settings);
	await trainee.write(startingState(rules, shape, settings, b_dec, random(0)));
	const draw = random(0);
	const x = Float32Array.from({ length: batch * d_in }, () => draw.normal());
	const first = Uint32Array.from({ length: dead }, (_, i) => i);
	let t = 0;
	const run = timed(async () => {
		for (let i = 0; i < steps; i++) {
			trainee.x.set(x);
			await trainee.step([{ t: ++t, lr: 0.001, coefficient: 1, dead: first }]);
		}
	});
	return {
		run: async () => ({ ms: (await run.run()).ms / steps }),
		close: () => trainee.release(),
	};
}

/**
 * Dense products of a step: five for "standard" (encoder, decoder, and the gradients of both weights and of the
 * latents), the encoder alone for "topk", whose other products are sparse.
 */
function flops({ architecture, d_in, d_sae, batch, dead }: SaeSizes): number {
	const latents = architecture === "topk" ? d_sae + dead : 5 * d_sae;
	return 2 * batch * d_in * latents;
}

function nameOf(sizes: SaeSizes, peer: How["peer"]): string {
	const { architecture, d_in, d_sae, batch, k, dead } = sizes;
	const parts = [
		`${architecture} ${d_in}->${d_sae}${architecture === "topk" ? ` k${k}` : ""} batch ${batch}`,
		...(dead ? [`${dead} dead`] : []),
		...{
			torch: [],
			"torch folded": ["b_dec folded"],
			tfjs: ["autodiff"],
			"one thread": ["threads"],
		}[peer],
	];
	return parts.join(", ");
}

function startTorch(sizes: SaeSizes, steps: number, folded: boolean) {
	return startPeer({
		name: "PyTorch eager",
		needs: "torch",
		script: "sae_torch.py",
		settings: { ...sizes, steps, folded },
	});
}

function row(sizes: SaeSizes, { steps, peer }: How, rounds = 7): Row {
	return {
		name: nameOf(sizes, peer),
		flops: flops(sizes),
		rounds,
		async open() {
			const work = { ours: await ours(sizes, steps), note: speed };
			if (peer === "one thread") {
				const beside = await ours(sizes, steps, 1);
				return { ...work, beside, note: threadsNote(sizes) };
			}
			if (peer === "tfjs") {
				const script = "sae_tfjs.ts";
				const settings = sizes;
				return {
					...work,
					peer: await startPeer({ name: "TensorFlow.js", script, settings }),
				};
			}
			const folded = peer === "torch folded";
			return { ...work, peer: await startTorch(sizes, steps, folded) };
		},
	};
}

function speed({ ours }: Measured): string {
	return `${(1000 / medianMs(ours)).toPrecision(3)} steps/s`;
}

/** What the other threads bring, and what the copy of W_enc for ONNX Runtime costs, which shared memory makes needful. */
function threadsNote({ d_in, d_sae }: SaeSizes) {
	const from = new Float32Array(new SharedArrayBuffer(4 * d_in * d_sae));
	const to = new Float32Array(d_in * d_sae);
	let copy = Number.POSITIVE_INFINITY;
	for (let i = 0; i < 5; i++) {
		const start = performance.now();
		to.set(from);
		copy = Math.min(copy, performance.now() - start);
	}
	return ({ ours, beside = [] }: Measured) => {
		const one = medianMs(beside);
		const times = (one / medianMs(ours)).toPrecision(3);
		return `1 thread for the sparse part and Adam: ${one.toPrecision(3)} ms, ${availableParallelism()}: ${times} times as fast, with a copy of ${copy.toPrecision(2)} ms`;
	};
}

const tiny = { d_in: 128, d_sae: 1024, batch: 1024, k: 32, dead: 0 };
const middle = { d_in: 768, d_sae: 6144, batch: 1024, k: 32, dead: 0 };
const large = { d_in: 768, d_sae: 24576, batch: 2048, k: 32, dead: 0 };
const topk = { architecture: "topk" as const };
const standard = { architecture: "standard" as const };

export const suite: Suite = {
	rows: [
		row({ ...standard, ...tiny }, { steps: 20, peer: "torch" }),
		row({ ...standard, ...large }, { steps: 1, peer: "torch" }, 3),
		row({ ...topk, ...tiny }, { steps: 20, peer: "torch" }),
		row({ ...topk, ...tiny }, { steps: 20, peer: "torch folded" }),
		row({ ...topk, ...middle }, { steps: 2, peer: "torch" }, 5),
		row({ ...topk, ...middle }, { steps: 2, peer: "torch folded" }, 5),
		row({ ...topk, ...middle, dead: 512 }, { steps: 2, peer: "torch" }, 5),
		row({ ...topk, ...large }, { steps: 1, peer: "torch" }, 5),
		row({ ...topk, ...large }, { steps: 1, peer: "torch folded" }, 5),
		row({ ...topk, ...tiny }, { steps: 20, peer: "one thread" }),
		row({ ...topk, ...large }, { steps: 1, peer: "one thread" }, 5),
		row({ ...standard, ...tiny }, { steps: 20, peer: "tfjs" }, 2),
		row({ ...topk, ...tiny }, { steps: 20, peer: "tfjs" }, 2),
	],
};
