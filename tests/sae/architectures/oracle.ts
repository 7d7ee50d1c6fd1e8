import assert from "node:assert/strict";
import type * as Tf from "@tensorflow/tfjs";
import { type Random, random } from "../../../src/random";
import type { ArchitectureRules } from "../../../src/sae/architectures";
import type { SaeTensors } from "../../../src/sae/architectures/textbook";
import type { CpuTrainee } from "../../../src/sae/engine/cpu";
import { startingState } from "../../../src/sae/engine/start";
import { sizeOf, transpose } from "../../../src/sae/engine/store";
import { loadTfjs } from "../../../src/sae/engine/tfjs";
import type {
	StepPlan,
	StepResult,
	TraineeSettings,
} from "../../../src/sae/engine/trainee";

export const shape = { d_in: 23, d_sae: 61, batch: 37 };

export const settings: TraineeSettings = {
	k: 6,
	aux_loss_coefficient: 0.8,
	jumprelu_bandwidth: 0.7,
	jumprelu_init_threshold: 0.4,
	topk_threshold_lr: 0.01,
	matryoshka_widths: [7, 20, 40, 61],
	decoder_init_norm: 1,
	max_grad_norm: 1,
};

export function normals(n: number, source: Random, scale = 1): Float32Array {
	return Float32Array.from({ length: n }, () => scale * source.normal());
}

/** A trainee with rows and weights of no special form. */
export async function disturbed(
	rules: ArchitectureRules,
	change: Partial<TraineeSettings> = {},
	seed = 7,
): Promise<CpuTrainee> {
	const source = random(seed);
	const given = { ...settings, ...change };
	const trainee = (await rules.open(shape, given)) as CpuTrainee;
	const b_dec = normals(shape.d_in, source);
	const state = startingState(rules, shape, given, b_dec, source);
	for (const p of rules.parameters)
		normals(sizeOf(p, shape), source, 0.3).forEach((v, i) => {
			state.tensors[p][i] += v;
		});
	await trainee.write(state);
	trainee.x.set(normals(trainee.x.length, source, 2));
	return trainee;
}

/**
 * Asserts that the fast gradients are those of TensorFlow.js (max |Δ| / max |g| of each tensor at most 1e-4), and the
 * parts of the loss too. Returns what the fast step said.
 */
export async function assertGradients(
	rules: ArchitectureRules,
	trainee: CpuTrainee,
	plan: Partial<StepPlan>,
	change: Partial<TraineeSettings> = {},
): Promise<StepResult> {
	const whole = {
		t: 1,
		lr: 0.001,
		coefficient: 0,
		dead: new Uint32Array(0),
		...plan,
	};
	const loss = await trainee.gradients(whole);
	const oracle = await autodiff(rules, trainee, whole, {
		...settings,
		...change,
	});
	for (const part of ["mse", "sparsity", "aux"] as const)
		close(loss[part], oracle.parts[part] ?? 0, part);
	for (const p of rules.parameters) {
		const actual = trainee.store.array[`g_${p}`];
		let [difference, size] = [0, 0];
		for (const [i, g] of oracle.gradients[p].entries()) {
			difference = Math.max(difference, Math.abs(actual[i] - g));
			size = Math.max(size, Math.abs(g));
		}
		assert.ok(size > 0, `${p} has a gradient`);
		assert.ok(difference / size <= 1e-4, `${p} is off by ${difference / size}`);
	}
	return { ...loss, fired: trainee.fired };
}

async function autodiff(
	{ parameters, loss }: ArchitectureRules,
	trainee: CpuTrainee,
	{ coefficient, dead }: StepPlan,
	given: TraineeSettings,
) {
	const { tf } = await loadTfjs();
	const { d_in, d_sae, batch } = shape;
	const { tensors } = await trainee.read();
	const mask = new Float32Array(d_sae);
	for (const i of dead) mask[i] = 1;
	return tf.tidy(() => {
		const x = tf.tensor2d(trainee.x.slice(), [batch, d_in]);
		const at = parameters.map((p) => {
			if (p === "W_enc")
				return tf.tensor2d(transpose(tensors.W_enc, d_sae, d_in), [
					d_in,
					d_sae,
				]);
			const data = tensors[p].slice();
			return p === "W_dec"
				? tf.tensor2d(data, [d_sae, d_in])
				: tf.tensor1d(data);
		});
		const now = { coefficient, dead: tf.tensor1d(mask), settings: given };
		const evaluate = (t: Tf.Tensor[]) =>
			loss(tf, x, named(parameters, t) as SaeTensors, now);
		const gradients = tf
			.grads((...t) => evaluate(t).total)(at)
			.map((g, i) =>
				parameters[i] === "W_enc"
					? transpose(g.dataSync() as Float32Array, d_in, d_sae)
					: (g.dataSync() as Float32Array),
			);
		const { mse, sparsity, aux } = evaluate(at);
		const value = (t?: Tf.Scalar) => t?.dataSync()[0];
		return {
			parts: { mse: value(mse), sparsity: value(sparsity), aux: value(aux) },
			gradients: named(parameters, gradients) as Record<string, Float32Array>,
		};
	});
}

function named<T>(names: readonly string[], values: T[]) {
	return Object.fromEntries(
		names.map((name, i) => [name, values[i]]),
	) as unknown;
}

function close(actual: number, expected: number, what: string): void {
	assert.ok(
		Math.abs(actual - expected) <= 1e-4 * Math.abs(expected),
		`${what}: ${actual} is not ${expected}`,
	);
}
