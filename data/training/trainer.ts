import * as ort from "onnxruntime-node";
import { allocate } from "../../src/kernels";
import {
	buildBackward,
	type Gpt2Sizes,
	gradientOf,
	weightShapes,
} from "../../src/model/backward";
import { random } from "../../src/random";
import type { Batch } from "./batches";

/** How the weights are updated: Adam (Kingma & Ba 2015) with the gradient's norm cut at 1. */
export interface Recipe {
	/** The highest learning rate. */
	lr: number;
	beta1: number;
	beta2: number;
	/** Steps over which the learning rate rises from 0. */
	warmUp: number;
	/** The part of the steps, at the end, over which it falls to 0. */
	decay: number;
	/** How much a target that depends on something said long before counts, after the first steps and until the learning rate falls; else 1. */
	emphasis: number;
	/** How many the first steps are. */
	plainSteps: number;
}

export const recipe: Recipe = {
	lr: 2e-3,
	beta1: 0.9,
	beta2: 0.98,
	warmUp: 300,
	decay: 0.4,
	emphasis: 5,
	plainSteps: 1500,
};

/**
 * The learning rate of a step (the first is 1): up in a line, level, and down along a cosine to 0.
 * `steps` is 0 while the end is not known: level.
 */
export function learningRate(
	{ lr, warmUp, decay }: Recipe,
	step: number,
	steps: number,
): number {
	const left = steps ? (steps - step) / (decay * steps) : 1;
	const down = left >= 1 ? 1 : (1 - Math.cos(Math.PI * Math.max(left, 0))) / 2;
	return lr * Math.min(1, step / warmUp) * down;
}

/** Two threads, always: the order of sums must not depend on the machine. They wait asleep, or on a busy machine they starve each other. */
export const sessionOptions: ort.InferenceSession.SessionOptions = {
	intraOpNumThreads: 2,
	interOpNumThreads: 1,
	logSeverityLevel: 3,
	extra: { session: { intra_op: { allow_spinning: "0" } } },
};

/** The emphasis at a step: none at first, then the recipe's, and none while the learning rate falls: the model ends on the plain loss. */
export function emphasisAt(
	{ emphasis, plainSteps, decay }: Recipe,
	step: number,
	steps: number,
): number {
	const falls = steps > 0 && steps - step < decay * steps;
	return step <= plainSteps || falls ? 1 : emphasis;
}

export interface Trainer {
	/** Every weight by name: views of one memory. */
	weights: Record<string, Float32Array>;
	shapes: Record<string, number[]>;
	/** All weights, and both moments, each as one array: what a checkpoint keeps. */
	state: { w: Float32Array; m: Float32Array; v: Float32Array };
	/** One update from the mean gradient over the batches; gives the mean loss in nats per token and the gradient's norm. */
	step(
		batches: Batch[],
		update: { lr: number; step: number; emphasis: number },
	): Promise<{ loss: number; norm: number }>;
	dispose(): Promise<void>;
}

/**
 * GPT-2 under training. Weights, gradients and Adam's moments lie in one WebAssembly memory, from which ONNX Runtime
 * reads the weights and into which it writes the gradients; the WebAssembly kernels update them there.
 */
export async function openTrainer(
	sizes: Gpt2Sizes,
	seed: number,
	{ beta1, beta2 }: Recipe = recipe,
): Promise<Trainer> {
	const shapes = weightShapes(sizes);
	const { at, total } = layOut(shapes);
	const memory = allocate({
		w: total,
		g: total,
		more: total,
		m: total,
		v: total,
	});
	const { array, kernels, at: byte } = memory;
	const views = (of: Float32Array) =>
		Object.fromEntries(
			Object.entries(shapes).map(([name, shape]) => [
				name,
				of.subarray(at[name], at[name] + size(shape)),
			]),
		);
	const tensors = (of: Float32Array, name: (weight: string) => string) =>
		Object.fromEntries(
			Object.entries(views(of)).map(([weight, data]) => [
				name(weight),
				new ort.Tensor("float32", data, shapes[weight]),
			]),
		);
	const weights = views(array.w);
	initialise(weights, sizes, seed);
	const session = await ort.InferenceSession.create(
		buildBackward(sizes),
		sessionOptions,
	);
	const inputs = tensors(array.w, (weight) => weight);
	const first = tensors(array.g, gradientOf);
	const further = tensors(array.more, gradientOf);
	const scalar = () => new ort.Tensor("float32", new Float32Array(1), []);

	async function step(
		batches: Batch[],
		{ lr, step: t, emphasis }: { lr: number; step: number; emphasis: number },
	) {
		let loss = 0;
		let count = 0;
		for (const [i, { ids, targets, far, batch, seq }] of batches.entries()) {
			const weight = far.map((is) => 1 + is * (emphasis - 1));
			const out = await session.run(
				{
					...inputs,
					ids: new ort.Tensor("int32", ids, [batch, seq]),
					targets: new ort.Tensor("int32", targets, [batch, seq]),
					emphasis: new ort.Tensor("float32", weight, [batch, seq]),
				},
				{ ...(i ? further : first), loss: scalar(), count: scalar() },
			);
			loss += (out.loss.data as Float32Array)[0];
			count += (out.count.data as Float32Array)[0];
			if (i) kernels.axpy(byte.g, byte.more, 1, total);
		}
		const norm = Math.sqrt(kernels.sumSquares(byte.g, total)) / count;
		kernels.scale(byte.g, 1 / (count * Math.max(1, norm)), total);
		const correction = Math.sqrt(1 - beta2 ** t);
		kernels.adam(
			0,
			total,
			byte.w,
			byte.g,
			byte.m,
			byte.v,
			1,
			beta1,
			beta2,
			(lr * correction) / (1 - beta1 ** t),
			1e-8 * correction,
		);
		return { loss: loss / count, norm };
	}
	return {
		weights,
		shapes,
		state: { w: array.w, m: array.m, v: array.v },
		step,
		dispose: () => session.release(),
	};
}

function size(shape: number[]): number {
	return shape.reduce((a, b) => a * b, 1);
}

/** The first number of each weight in one long array, each at a multiple of 16 numbers. */
function layOut(shapes: Record<string, number[]>) {
	const at: Record<string, number> = {};
	let total = 0;
	for (const [name, shape] of Object.entries(shapes)) {
		at[name] = total;
		total += Math.ceil(size(shape) / 16) * 16;
	}
	return { at, total };
}

/** GPT-2's start: N(0, 0.02), the projections into the stream divided by sqrt(2 · layers); norms 1, biases 0. */
function initialise(
	weights: Record<string, Float32Array>,
	{ n_layers }: Gpt2Sizes,
	seed: number,
): void {
	const r = random(seed);
	for (const [name, data] of Object.entries(weights)) {
		if (name.endsWith(".bias")) continue;
		if (/ln_(1|2|f)\.weight$/.test(name)) {
			data.fill(1);
			continue;
		}
		const spread = name.endsWith("c_proj.weight")
			? 0.02 / Math.sqrt(2 * n_layers)
			: 0.02;
		for (let i = 0; i < data.length; i++) data[i] = spread * r.normal();
	}
}
