import assert from "node:assert/strict";
import { random } from "../../../src/random";
import { architectures } from "../../../src/sae/architectures";
import { startingState } from "../../../src/sae/engine/start";
import type { StepPlan, Trainee } from "../../../src/sae/engine/trainee";
import { webgpuTrainee } from "../../../src/sae/engine/webgpu-trainee";
import type { Architecture } from "../../../src/sae/types";
import { normals, settings, shape } from "../architectures/oracle";

const n = shape.batch * shape.d_in;
const source = random(5);
/** Rows of eight steps. */
export const rows = normals(8 * n, source, 1.5);

export const plans: StepPlan[] = Array.from({ length: 6 }, (_, i) => ({
	t: i + 1,
	lr: 0.001 * (i + 1),
	coefficient: 0.1 * (i + 1),
	dead: new Uint32Array(0),
}));

/** The same weights for every trainee of an architecture: those of the start, the biases moved. */
export async function begin(
	architecture: Architecture,
	trainee: Trainee,
): Promise<Trainee> {
	const rules = architectures[architecture];
	const from = random(6);
	const b_dec = normals(shape.d_in, from);
	const state = startingState(rules, shape, settings, b_dec, from);
	for (const p of rules.parameters)
		if (p !== "W_dec")
			normals(state.tensors[p].length, from, 0.2).forEach((v, i) => {
				state.tensors[p][i] += v;
			});
	await trainee.write(state);
	return trainee;
}

/**
 * Asserts that a call of six steps does what the CPU's own trainee does in six: what each says, and the state after
 * them within 1e-4 of each tensor's largest number.
 */
export async function assertSteps(
	architecture: Architecture,
	provider: "webgpu" | "cpu",
	dead: number[] = [],
): Promise<void> {
	const cpu = await begin(
		architecture,
		await architectures[architecture].open(shape, settings),
	);
	const gpu = await begin(
		architecture,
		await webgpuTrainee(architecture, shape, settings, provider),
	);
	gpu.x.set(rows);
	const given = plans.map((plan) => ({
		...plan,
		dead: Uint32Array.from(dead),
	}));
	const results = await gpu.step(given);
	assert.equal(results.length, given.length);
	for (const [i, plan] of given.entries()) {
		cpu.x.set(rows.subarray(i * n, (i + 1) * n));
		const [expected] = await cpu.step([plan]);
		for (const part of ["mse", "sparsity", "aux", "l0", "l1"] as const)
			close([results[i][part]], [expected[part]], `${part} of step ${i}`);
		assert.deepEqual(results[i].fired, expected.fired);
	}
	const hasMore = architecture === "gated" || architecture === "matryoshka";
	assert.equal(results[0].aux > 0, dead.length > 0 || hasMore);
	const [actual, expected] = [await gpu.read(), await cpu.read()];
	assert.deepEqual(
		Object.keys(actual.tensors).sort(),
		Object.keys(expected.tensors).sort(),
	);
	assert.deepEqual(Object.keys(actual.numbers), Object.keys(expected.numbers));
	close(Object.values(actual.numbers), Object.values(expected.numbers), "θ");
	for (const [name, data] of Object.entries(expected.tensors))
		close(actual.tensors[name], data, name);
	await cpu.release();
	await gpu.release();
}

function close(
	actual: ArrayLike<number>,
	expected: ArrayLike<number>,
	what: string,
): void {
	let [difference, size] = [0, 0];
	assert.equal(actual.length, expected.length, what);
	for (let i = 0; i < expected.length; i++) {
		difference = Math.max(difference, Math.abs(actual[i] - expected[i]));
		size = Math.max(size, Math.abs(expected[i]));
	}
	assert.ok(difference <= 1e-4 * size, `${what} is off by ${difference}`);
}

// Run as a program: on the graphics processor, `architecture dead…`.
if (require.main === module) {
	const [architecture, ...dead] = process.argv.slice(2);
	void assertSteps(architecture as Architecture, "webgpu", dead.map(Number));
}
