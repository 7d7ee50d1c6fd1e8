import assert from "node:assert/strict";
import test from "node:test";
import { random } from "../../../src/random";
import { trainSae } from "../../../src/sae";
import { architectures } from "../../../src/sae/architectures";
import { startingState } from "../../../src/sae/engine/start";
import type { TraineeState } from "../../../src/sae/engine/trainee";
import { resampleDead } from "../../../src/sae/training/resample";
import { activations, planted } from "../fakes";

const shape = { d_in: 2, d_sae: 4, batch: 3 };
const settings = { decoder_init_norm: 0.1, jumprelu_init_threshold: 0.01 };

/** A state whose every number is 7, but for what is given. */
function sevens(
	architecture: keyof typeof architectures,
	given: Record<string, number[]>,
): TraineeState {
	const rules = architectures[architecture];
	const b_dec = new Float32Array(2);
	const state = startingState(rules, shape, settings, b_dec, random(0));
	for (const [name, tensor] of Object.entries(state.tensors))
		if (given[name]) tensor.set(given[name]);
		else tensor.fill(7);
	return state;
}

const x = Float32Array.of(1, 1, 5, 1, 9, 9); // the second is 4 from b_dec along the first axis

test("a dead latent takes the direction of the one row with an error, its encoder 0.2 of the living ones' mean length", () => {
	const state = sevens("standard", {
		b_dec: [1, 1],
		W_enc: [3, 4, 7, 7, 0, 15, 7, 7], // the living ones' lengths: 5 and 15
	});
	const errors = Float32Array.of(0, 8, 0);
	const dead = Uint32Array.of(1, 3);
	const rules = architectures.standard;
	const anew = resampleDead(
		state,
		rules,
		shape,
		settings,
		dead,
		x,
		errors,
		random(0),
	);
	assert.deepEqual([...anew], [1]); // no row is left for the other
	const { tensors } = state;
	assert.deepEqual([...tensors.W_enc], [3, 4, 2, 0, 0, 15, 7, 7]);
	assert.deepEqual(tensors.W_dec, Float32Array.of(7, 7, 0.1, 0, 7, 7, 7, 7));
	assert.deepEqual([...tensors.b_enc], [7, 0, 7, 7]);
	for (const m of ["m_", "v_"]) {
		assert.deepEqual([...tensors[`${m}W_enc`]], [7, 7, 0, 0, 7, 7, 7, 7]);
		assert.deepEqual([...tensors[`${m}W_dec`]], [7, 7, 0, 0, 7, 7, 7, 7]);
		assert.deepEqual([...tensors[`${m}b_enc`]], [7, 0, 7, 7]);
		assert.deepEqual([...tensors[`${m}b_dec`]], [7, 7]);
	}
	assert.deepEqual([...tensors.b_dec], [1, 1]);
});

test("the decoder keeps the length 1 where it is kept at 1, and thresholds and the gate's biases are as at the start", () => {
	const made = (architecture: "jumprelu" | "gated" | "topk") => {
		const state = sevens(architecture, { b_dec: [1, 1] });
		const rules = architectures[architecture];
		const errors = Float32Array.of(0, 8, 0);
		const dead = Uint32Array.of(2);
		resampleDead(state, rules, shape, settings, dead, x, errors, random(0));
		return state.tensors;
	};
	assert.deepEqual([...made("topk").W_dec.subarray(4, 6)], [1, 0]);
	const { log_threshold, m_log_threshold } = made("jumprelu");
	assert.ok(Math.abs(log_threshold[2] - Math.log(0.01)) < 1e-6);
	assert.equal(m_log_threshold[2], 0);
	const { b_gate, b_mag, r_mag, v_r_mag } = made("gated");
	for (const tensor of [b_gate, b_mag, r_mag, v_r_mag])
		assert.deepEqual([...tensor], [7, 7, 0, 7]);
});

test("rows are drawn in proportion to the square of their loss", () => {
	let second = 0;
	const source = random(5);
	for (let i = 0; i < 3000; i++) {
		const state = sevens("topk", { b_dec: [0, 0] });
		const errors = Float32Array.of(1, 2, 0); // 1 : 4
		const rows = Float32Array.of(3, 0, 0, 3, 1, 1);
		const dead = Uint32Array.of(0);
		const rules = architectures.topk;
		resampleDead(state, rules, shape, settings, dead, rows, errors, source);
		second += state.tensors.W_dec[1];
	}
	// 2,400 expected, with a standard deviation of 22
	assert.ok(Math.abs(second - 2400) < 110, `${second}`);
});

test("without a living latent or a row with an error nothing happens", () => {
	for (const [dead, errors] of [
		[Uint32Array.of(0, 1, 2, 3), Float32Array.of(1, 1, 1)],
		[Uint32Array.of(0), new Float32Array(3)],
	] as const) {
		const state = sevens("standard", {});
		const rules = architectures.standard;
		const none = resampleDead(
			state,
			rules,
			shape,
			settings,
			dead,
			x,
			errors,
			random(0),
		);
		assert.equal(none.length, 0);
		for (const tensor of Object.values(state.tensors))
			assert.ok(tensor.every((v) => v === 7));
	}
});

for (const [architecture, l1_coefficient, offset] of [
	["standard", 0.3, 2],
	["jumprelu", 0, 1],
	["gated", 0.5, 1],
] as const)
	test(`dead latents of a ${architecture} SAE come back to life by resampling, and not without`, async () => {
		// b_dec starts far from rows off the origin, so that many latents point away from all of them.
		const { data } = planted(4000, { d_in: 20, d_true: 40, active: 3 }).acts;
		const acts = activations(
			data.map((v) => v + offset),
			20,
		);
		const dead = async (resample_steps: number) => {
			const sae = await trainSae(acts, {
				architecture,
				d_sae: 64,
				l1_coefficient,
				jumprelu_init_threshold: 0.01, // low enough that a latent that was made anew is not silent at once
				jumprelu_bandwidth: 0.05,
				lr: 0.001,
				b_dec_init_method: "zeros",
				dead_feature_window: 20,
				train_batch_size_tokens: 256,
				training_tokens: 256 * 600,
				resample_steps,
			});
			return sae.history.records.at(-1)?.dead ?? Number.NaN;
		};
		const [without, left] = [await dead(0), await dead(40)];
		assert.ok(without >= 5, `${without} are dead without`);
		assert.ok(left <= 0.3 * without, `${left} of ${without} are dead with it`);
	});
