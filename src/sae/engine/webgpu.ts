import { existsSync } from "node:fs";
import { architectures } from "../architectures";
import type { Architecture, TrainOptions } from "../types";
import type { Trainee, TraineeSettings, TraineeShape } from "./trainee";
import { askChild, type Question, type Timing } from "./webgpu-child";
import { webgpuTrainee } from "./webgpu-trainee";

/** Where training computes. */
export interface Choice {
	device: "cpu" | "webgpu";
	/** One sentence. */
	why: string;
}

type Device = NonNullable<TrainOptions["device"]>;
type Ask = typeof askChild;

/** An SAE in training where `chooseDevice` says. */
export async function openTrainee(
	architecture: Architecture,
	shape: TraineeShape,
	settings: TraineeSettings,
	device: Device = "auto",
	signal?: AbortSignal,
): Promise<Trainee> {
	const options = { device, signal };
	const choice = await chooseDevice(architecture, shape, settings, options);
	if (choice.device === "webgpu")
		try {
			return await webgpuTrainee(architecture, shape, settings);
		} catch (error) {
			if (device === "webgpu") throw error;
		}
	return architectures[architecture].open(shape, settings);
}

/**
 * Chooses between the CPU and a graphics processor that ONNX Runtime reaches through WebGPU.
 *
 * "auto": a graphics processor has to be there, compute rightly, and have been faster when a few steps of just these sizes
 * were tried on both; whatever goes wrong on the way means the CPU. "webgpu": only that it is there and computes is asked,
 * and what is missing is thrown, in one sentence. All of it happens in a process of its own (see `askChild`), and each
 * answer is kept while this one lives.
 */
export async function chooseDevice(
	architecture: Architecture,
	shape: TraineeShape,
	settings: TraineeSettings,
	{
		device = "auto",
		signal,
		ask = askChild,
	}: { device?: Device; signal?: AbortSignal; ask?: Ask } = {},
): Promise<Choice> {
	if (device === "cpu") return { device, why: "The CPU was asked for." };
	const answerTo = (question: Question) => once(question, ask, signal);
	try {
		if (device === "auto" && !showsGpu())
			throw new Error("this machine shows no graphics processor");
		const product = await answerTo({ ask: "product" });
		if (device === "webgpu")
			return { device, why: "A graphics processor was asked for." };
		// A driver that only imitates a processor is hundreds of times slower, and steps of real sizes would take it minutes.
		const hopeless = product.webgpu > 20 * product.cpu;
		const { cpu, webgpu } = hopeless
			? product
			: await answerTo(questionOf(architecture, shape, settings));
		const took = `${hopeless ? "A product of matrices" : "A step"} took the CPU ${ms(cpu)} and the graphics processor ${ms(webgpu)}.`;
		return { device: !hopeless && webgpu < cpu ? "webgpu" : "cpu", why: took };
	} catch (error) {
		const { message } = error as Error;
		if (device === "webgpu")
			throw new Error(
				`Training on device "webgpu" is not possible: ${message}. Use device "auto" or "cpu".`,
			);
		return { device: "cpu", why: `The CPU computes: ${message}.` };
	}
}

/** The settings alone: options may hold what cannot be sent. */
function questionOf(
	architecture: Architecture,
	{ d_in, d_sae, batch }: TraineeShape,
	settings: TraineeSettings,
): Question {
	return {
		ask: "steps",
		architecture,
		shape: { d_in, d_sae, batch },
		settings: {
			k: settings.k,
			aux_loss_coefficient: settings.aux_loss_coefficient,
			jumprelu_bandwidth: settings.jumprelu_bandwidth,
			jumprelu_init_threshold: settings.jumprelu_init_threshold,
			topk_threshold_lr: settings.topk_threshold_lr,
			matryoshka_widths: settings.matryoshka_widths,
			decoder_init_norm: settings.decoder_init_norm,
			max_grad_norm: settings.max_grad_norm,
			threads: settings.threads,
		},
	};
}

/** What was answered, by who was asked. */
const answers = new WeakMap<Ask, Map<string, Promise<Timing>>>();

function once(
	question: Question,
	ask: Ask,
	signal?: AbortSignal,
): Promise<Timing> {
	const known = answers.get(ask) ?? new Map<string, Promise<Timing>>();
	answers.set(ask, known);
	const key = JSON.stringify(question);
	const answer = known.get(key) ?? ask(question, { signal });
	known.set(key, answer);
	answer.catch(() => {
		if (signal?.aborted) known.delete(key); // that says nothing
	});
	return answer;
}

/** Whether it is worth a process to look. Linux shows graphics processors as files; a named driver may imitate one. */
export function showsGpu(): boolean {
	const { platform, env } = process;
	if (platform !== "linux") return true;
	if (env.VK_DRIVER_FILES || env.VK_ICD_FILENAMES) return true;
	return ["/dev/dri", "/dev/nvidiactl", "/dev/dxg"].some(existsSync);
}

function ms(seconds: number): string {
	return `${(1000 * seconds).toPrecision(3)} ms`;
}
