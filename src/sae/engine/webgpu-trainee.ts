import { InferenceSession, type Tensor } from "onnxruntime-node";
import { OnnxGraph } from "../../formats/onnx";
import { allowedThreads } from "../../threads";
import { architectures } from "../architectures";
import { gradients as gated } from "../architectures/gated";
import { gradients as jumprelu } from "../architectures/jumprelu";
import { gradients as standard } from "../architectures/standard";
import type { Architecture } from "../types";
import { dimensions, type GradientGraph, PARTS } from "./dense";
import { beta1, beta2, epsilon } from "./optimizer";
import { createSession, floatTensor, sizeOf } from "./store";
import type {
	StepPlan,
	StepResult,
	Trainee,
	TraineeSettings,
	TraineeShape,
} from "./trainee";
import { halfWidth } from "./trainee";
import { stateNames, stepGraph } from "./webgpu-step";
import { sparseGradients } from "./webgpu-topk";

/** The gradients of each architecture as a graphics processor computes them; with `revive`, those of a step with dead latents. */
const gradientsOf: Record<Architecture, (revive: boolean) => GradientGraph> = {
	standard: () => standard,
	jumprelu: () => jumprelu,
	gated: () => gated,
	topk: (revive) => sparseGradients("of row", (_, d_sae) => [d_sae], revive),
	batchtopk: (revive) =>
		sparseGradients("of batch", (_, d_sae) => [d_sae], revive),
	matryoshka: (revive) =>
		sparseGradients("of batch", (s) => s.matryoshka_widths, revive),
};

/** The results are fetched once a call, so that the processor does not wait for us after each step. */
const STEPS_PER_CALL = 8;

/**
 * An SAE in training on a graphics processor, through ONNX Runtime's WebGPU. Weights and moments stay in its memory from
 * step to step; only rows go there, and only the loss and what fired come back. The dead latents of a call's first plan
 * hold for all of it. With `provider: "cpu"` the same graphs run on the CPU: slower than the CPU's own trainee, but there.
 */
export async function webgpuTrainee(
	architecture: Architecture,
	shape: TraineeShape,
	settings: TraineeSettings,
	provider: "webgpu" | "cpu" = "webgpu",
): Promise<Trainee> {
	const rules = architectures[architecture];
	const { parameters } = rules;
	const names = stateNames(parameters);
	const dims = Object.fromEntries(
		names.map((name, i) => [
			name,
			dimensions(parameters[Math.floor(i / 3)], shape),
		]),
	);
	const sessions = await openSessions(architecture, shape, settings, provider);
	const state: Record<string, Tensor> = {};
	const numbers = { ...rules.numbers };
	const set = (name: string, data: Float32Array) => {
		state[name]?.dispose();
		state[name] = floatTensor(data, dims[name]);
	};
	for (const [i, name] of names.entries())
		set(name, new Float32Array(sizeOf(parameters[Math.floor(i / 3)], shape)));
	const { batch, d_in } = shape;
	const x = new Float32Array(STEPS_PER_CALL * batch * d_in);

	/** Takes one step; its report stays where it is. */
	async function take(
		session: InferenceSession,
		row: number,
		given: Record<string, Tensor>,
	): Promise<Tensor> {
		const rows = x.subarray(row * d_in, (row + batch) * d_in);
		const { report, ...next } = await session.run({
			x: floatTensor(rows, [batch, d_in]),
			...given,
			...state,
		});
		for (const name of names) {
			state[name].dispose();
			state[name] = next[`next.${name}`] as Tensor;
		}
		return report as Tensor;
	}

	return {
		steps_per_call: STEPS_PER_CALL,
		x,
		async step(plans) {
			const revival = rules.revives
				? revivalOf(plans[0].dead, shape, settings)
				: undefined;
			const session = await sessions.step(revival !== undefined);
			const reports: Tensor[] = [];
			for (const [i, plan] of plans.entries())
				reports.push(
					await take(session, i * batch, { ...numbersOf(plan), ...revival }),
				);
			const results: StepResult[] = [];
			for (const [i, report] of reports.entries()) {
				const fetched = await sessions.fetch({ report });
				const { result, smallest } = read(fetched.report, shape, plans[i]);
				if (smallest < 1e30) rules.follow?.(numbers, smallest, settings);
				results.push(result);
			}
			for (const report of reports) report.dispose();
			return results;
		},
		async read() {
			const tensors = await sessions.fetch(state);
			return { tensors, numbers };
		},
		async write({ tensors = {}, numbers: given = {} }) {
			for (const [name, data] of Object.entries(tensors))
				set(name, data.slice());
			Object.assign(numbers, given);
		},
		async release() {
			for (const name of names) state[name].dispose();
			await sessions.release();
		},
	};
}

/** The sessions of a trainee; each is opened when it is first needed, but for the step without dead latents. */
async function openSessions(
	architecture: Architecture,
	shape: TraineeShape,
	settings: TraineeSettings,
	provider: "webgpu" | "cpu",
) {
	const rules = architectures[architecture];
	const opened = new Map<string, Promise<InferenceSession>>();
	const once = (key: string, open: () => Promise<InferenceSession>) => {
		const session = opened.get(key) ?? open();
		opened.set(key, session);
		return session;
	};
	const step = (revive: boolean) =>
		once(`step ${revive}`, () => {
			const build = gradientsOf[architecture](revive);
			const graph = stepGraph(rules, build, shape, settings);
			return provider === "cpu" ? createSession(graph) : openOnGpu(graph, true);
		});
	await step(false);
	return {
		step,
		/** The numbers of tensors, wherever they are: the node binding cannot download, but a graph's outputs can be here. */
		async fetch(
			tensors: Record<string, Tensor>,
		): Promise<Record<string, Float32Array>> {
			const list = Object.entries(tensors);
			if (list.every(([, tensor]) => tensor.location === "cpu"))
				return dataOf(tensors);
			const key = list.map(([name]) => name).join();
			const session = await once(key, () => {
				const g = new OnnxGraph();
				for (const [name, { dims }] of list)
					g.op(
						"Identity",
						[g.input(name, "float32", dims)],
						{},
						`here.${name}`,
					);
				return openOnGpu(g.build(list.map(([name]) => `here.${name}`)), false);
			});
			const here = await session.run(tensors);
			return Object.fromEntries(
				list.map(([name]) => [name, here[`here.${name}`].data as Float32Array]),
			);
		},
		async release(): Promise<void> {
			for (const session of opened.values()) await (await session).release();
		},
	};
}

/** A session on the graphics processor; throws where there is none, and where an operation would run elsewhere. */
export function openOnGpu(
	graph: Uint8Array,
	stay: boolean,
): Promise<InferenceSession> {
	return InferenceSession.create(graph, {
		executionProviders: ["webgpu"],
		intraOpNumThreads: allowedThreads(),
		preferredOutputLocation: stay ? "gpu-buffer" : "cpu",
		logSeverityLevel: 4,
		extra: { session: { disable_cpu_ep_fallback: "1" } },
	});
}

function dataOf(tensors: Record<string, Tensor>): Record<string, Float32Array> {
	return Object.fromEntries(
		Object.entries(tensors).map(([name, { data }]) => [
			name,
			data as Float32Array,
		]),
	);
}

/** What a step depends on besides rows and state: λ, and Adam's α and ε with the correction of their bias. */
function numbersOf({ t, lr, coefficient }: StepPlan): Record<string, Tensor> {
	const correction = Math.sqrt(1 - beta2 ** t);
	return {
		lambda: scalar(coefficient),
		alpha: scalar((lr * correction) / (1 - beta1 ** t)),
		eps: scalar(correction * epsilon),
	};
}

/** The inputs that revive dead latents; undefined where none is to be. */
function revivalOf(
	dead: Uint32Array,
	{ d_in, d_sae }: TraineeShape,
	{ aux_loss_coefficient }: TraineeSettings,
): Record<string, Tensor> | undefined {
	const weight =
		aux_loss_coefficient * Math.min(dead.length / halfWidth(d_in), 1);
	if (weight === 0) return undefined;
	const mask = new Float32Array(d_sae);
	for (const i of dead) mask[i] = 1;
	return { dead: floatTensor(mask, [d_sae]), weight: scalar(weight) };
}

/** What a report says; see `stepGraph`. */
function read(
	report: Float32Array,
	{ d_sae }: TraineeShape,
	{ coefficient }: StepPlan,
): { result: StepResult; smallest: number } {
	const [mse, sparsity, aux, l0, l1] = report;
	const sums = report.subarray(PARTS.length, PARTS.length + d_sae);
	const fired = Uint8Array.from(sums, (sum) => Number(sum > 0));
	return {
		result: { mse, sparsity: coefficient * sparsity, aux, l0, l1, fired },
		smallest: report[PARTS.length + d_sae],
	};
}

function scalar(value: number): Tensor {
	return floatTensor(Float32Array.of(value), []);
}
