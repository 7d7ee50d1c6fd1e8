/** One training step of a GPT-2 of the size that ships (forward, backward, clip, Adam) beside PyTorch and TensorFlow.js. */
import { sizes } from "../../data/training/model-files";
import { openTrainer } from "../../data/training/trainer";
import { weightShapes } from "../../src/model/backward";
import { random } from "../../src/random";
import { startPeer } from "../peer";
import { medianMs, timed } from "../turns";
import type { Row, Suite } from "../types";

const [batch, seq] = [16, 38];

/** Random texts and what follows each of their tokens. */
export function drawTexts() {
	const draw = random(1);
	const ids = () =>
		Int32Array.from({ length: batch * seq }, () => draw.int(sizes.d_vocab));
	return { ids: ids(), targets: ids(), batch, seq };
}

/** Three times the forward's products: the backward has two for each. */
function flops(): number {
	const { d_model: d, d_mlp, n_layers, d_vocab } = sizes;
	const layer = 2 * (4 * d * d + 2 * d * d_mlp) + 4 * seq * d;
	return 3 * batch * seq * (n_layers * layer + 2 * d * d_vocab);
}

function row(tensorflow = false): Row {
	const name = `training step, tiny-gpt2, ${batch}x${seq}`;
	return {
		name: tensorflow ? `${name}, autodiff` : name,
		rounds: tensorflow ? 2 : 12,
		flops: flops(),
		async open() {
			const trainer = await openTrainer(sizes, 1);
			const count = batch * seq;
			const far = new Float32Array(count);
			const texts = { ...drawTexts(), far, count, best: 0 };
			let step = 0;
			const shapes = weightShapes(sizes);
			return {
				ours: {
					...timed(() =>
						trainer.step([texts], { lr: 1e-3, step: ++step, emphasis: 1 }),
					),
					close: () => trainer.dispose(),
				},
				peer: tensorflow
					? await startPeer({
							name: "TensorFlow.js",
							script: "gpt2_training_tfjs.ts",
							settings: {},
						})
					: await startPeer({
							name: "PyTorch eager",
							needs: "torch",
							script: "gpt2_training_torch.py",
							settings: { ...sizes, batch, seq, shapes },
						}),
				note: (measured) =>
					`${Math.round((1000 * count) / medianMs(measured.ours))} tokens/s`,
			};
		},
	};
}

export const suite: Suite = { rows: [row(), row(true)] };
