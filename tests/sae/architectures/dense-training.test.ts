import assert from "node:assert/strict";
import test from "node:test";
import { type TrainOptions, trainSae } from "../../../src/sae";
import { activations, planted } from "../fakes";

const d_in = 32;
const { acts } = planted(8_000, { d_in, d_true: 96, active: 3 });
/** How much of the variance each explains at least: the penalty of standard shrinks what it explains. */
const explains = { standard: 0.78, jumprelu: 0.95, gated: 0.88 };
/** √d_in / mean ‖x‖, what training scales the rows by. */
const scale = Math.sqrt(d_in) / meanNorm(acts.data);

for (const architecture of ["standard", "jumprelu", "gated"] as const) {
	const least = explains[architecture];
	const given: TrainOptions = {
		architecture,
		d_sae: 192,
		lr: 0.003,
		train_batch_size_tokens: 512,
		training_tokens: 200_000,
	};

	test(`a short ${architecture} training lowers the loss and explains the rows`, async () => {
		const { history } = await trainSae(acts, given);
		const [first, last] = [history.records[0], history.records.at(-1)];
		assert.ok(last && last.loss < 0.6 * first.loss);
		const { explained_variance, l0 } = last;
		assert.ok(explained_variance >= least, `it explains ${explained_variance}`);
		assert.ok(l0 < 40, `${l0} of 192 latents fire`);
	});

	test(`the scale that a ${architecture} SAE was trained at is folded into its weights exactly`, async () => {
		const scaled = activations(
			acts.data.map((v) => scale * v),
			d_in,
		);
		const few = { ...given, training_tokens: 20_000 };
		const own = await trainSae(activations(acts.data, d_in), few);
		const none = { ...few, normalize_activations: "none" as const };
		const other = await trainSae(scaled, none);
		const x = acts.data.subarray(0, 300 * d_in);
		const [actual, expected] = [
			await own.reconstruct(x),
			await other.reconstruct(x.map((v) => scale * v)),
		];
		let [off, size] = [0, 0];
		for (const [i, v] of actual.entries()) {
			off = Math.max(off, Math.abs(scale * v - expected[i]));
			size = Math.max(size, Math.abs(expected[i]));
		}
		// The same but for rounding, through a few dozen steps.
		assert.ok(off < 1e-3 * size, `${off} of ${size}`);
	});
}

function meanNorm(data: Float32Array): number {
	let sum = 0;
	for (let i = 0; i < data.length; i += d_in)
		sum += Math.hypot(...data.subarray(i, i + d_in));
	return (sum * d_in) / data.length;
}
