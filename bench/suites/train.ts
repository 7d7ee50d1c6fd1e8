/** Training steps of the fast engine (gradients, clip, Adam) beside PyTorch, and beside TensorFlow.js with autodiff. */
import { random } from "../../src/random";
import { architectures } from "../../src/sae/architectures";
import { startingState } from "../../src/sae/engine/start";
import { trainSettings } from "../../src/sae/training/options";
import { startPeer } from "../peer";
import { medianMs, timed } from "../turns";
import type { Contender, Row, Suite } from "../types";

export interface SaeSizes {
	architecture: "standard" | "topk";
	d_in: number;
	d_sae: number;
	batch: number;
	/** Of a topk. */
	k: number;
}

/** Steps in one run. */
const STEPS = 20;
const none = new Uint32Array(0);

async function ours(sizes: SaeSizes): Promise<Contender> {
	const { architecture, d_in, d_sae, batch, k } = sizes;
	const settings = trainSettings(
		{ architecture, d_sae, k, train_batch_size_tokens: batch },
		batch,
	);
	const shape = { d_in, d_sae, batch };
	const b_dec = new Float32Array(d_in);
	const rules = architectures[architecture];
	const trainee = await rules.open(shape, settings);
	await trainee.write(startingState(rules, shape, settings, b_dec, random(0)));
	const draw = random(0);
	const x = Float32Array.from({ length: batch * d_in }, () => draw.normal());
	let t = 0;
	const steps = timed(async () => {
		for (let i = 0; i < STEPS; i++) {
			trainee.x.set(x);
			await trainee.step([{ t: ++t, lr: 0.001, coefficient: 1, dead: none }]);
		}
	});
	return { run: async () => ({ ms: (await steps.run()).ms / STEPS }) };
}

/**
 * Dense products of a step: five for "standard" (encoder, decoder, and the gradients of both weights and of the
 * latents), the encoder alone for "topk", whose other products are sparse.
 */
function flops({ architecture, d_in, d_sae, batch }: SaeSizes): number {
	return (architecture === "topk" ? 1 : 5) * 2 * batch * d_in * d_sae;
}

function row(sizes: SaeSizes, tensorflow = false): Row {
	const { architecture, d_in, d_sae, batch, k } = sizes;
	const name = `${architecture} ${d_in}->${d_sae}${architecture === "topk" ? ` k${k}` : ""} batch ${batch}`;
	return {
		name: tensorflow ? `${name}, autodiff` : name,
		flops: flops(sizes),
		rounds: tensorflow ? 2 : 7,
		open: async () => ({
			ours: await ours(sizes),
			peer: tensorflow
				? await startPeer({
						name: "TensorFlow.js",
						script: "sae_tfjs.ts",
						settings: sizes,
					})
				: await startPeer({
						name: "PyTorch eager",
						needs: "torch",
						script: "sae_torch.py",
						settings: { ...sizes, steps: STEPS },
					}),
			note: (measured) =>
				`${(1000 / medianMs(measured.ours)).toPrecision(3)} steps/s`,
		}),
	};
}

const standard = { d_in: 128, d_sae: 1024, batch: 1024, k: 16 };

export const suite: Suite = {
	rows: [
		row({ architecture: "standard", ...standard }),
		row({ architecture: "topk", ...standard }),
		row({ architecture: "standard", ...standard }, true),
		row({ architecture: "topk", ...standard }, true),
	],
};
