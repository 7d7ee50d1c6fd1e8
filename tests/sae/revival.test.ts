import assert from "node:assert/strict";
import test from "node:test";
import { random } from "../../src/random";
import type { Architecture } from "../../src/sae";
import { architectures } from "../../src/sae/architectures";
import { startingState } from "../../src/sae/engine/start";
import { settings as given } from "./architectures/oracle";
import { planted } from "./fakes";

const shape = { d_in: 32, d_sae: 64, batch: 256 };
const { acts } = planted(shape.batch * 16, { d_in: 32, d_true: 96, active: 3 });
const STEPS = 300;

/** Trains with the first half of the latents far below zero, and says how many of them ever fire. */
async function alive(
	architecture: Architecture,
	aux_loss_coefficient: number,
): Promise<number> {
	const rules = architectures[architecture];
	const settings = {
		...given,
		k: 3,
		aux_loss_coefficient,
		matryoshka_widths: [16, 64],
	};
	const trainee = await rules.open(shape, settings);
	const b_dec = new Float32Array(shape.d_in);
	const state = startingState(rules, shape, settings, b_dec, random(1));
	state.tensors.b_enc.fill(-3, 0, 32);
	await trainee.write(state);
	const silent = new Uint32Array(shape.d_sae);
	const ever = new Set<number>();
	const rows = shape.batch * shape.d_in;
	for (let step = 0; step < STEPS; step++) {
		const from = (step % 16) * rows;
		trainee.x.set(acts.data.subarray(from, from + rows));
		const dead = Uint32Array.from(silent.keys()).filter((i) => silent[i] > 20);
		const plan = { t: step + 1, lr: 0.01, coefficient: 0, dead };
		const [{ fired }] = await trainee.step([plan]);
		for (let i = 0; i < silent.length; i++) {
			silent[i] = fired[i] ? 0 : silent[i] + 1;
			if (fired[i] && i < 32) ever.add(i);
		}
	}
	await trainee.release();
	return ever.size;
}

for (const architecture of ["topk", "batchtopk", "matryoshka"] as const)
	test(`latents of ${architecture} that are far below zero come back with the auxiliary loss, and not without`, async () => {
		assert.equal(await alive(architecture, 0), 0);
		const n = await alive(architecture, 1);
		assert.ok(n >= 29, `${n} of 32 fire again`);
	});
