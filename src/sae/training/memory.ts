import { freeMemory } from "../../memory";
import { architectures } from "../architectures";
import { sizeOf } from "../engine/store";
import type { Architecture } from "../types";
import type { TrainSettings } from "./options";

/** What the memory of a training depends on. */
export type Sizes = Pick<
	TrainSettings,
	"architecture" | "d_sae" | "train_batch_size_tokens" | "engine"
>;

/** In bytes. */
export interface MemoryNeed {
	/** Weights, gradients and moments, which lie in one WebAssembly memory. */
	state: number;
	/** Copies of weights: at the start and the end, and those that ONNX Runtime reads. */
	copies: number;
	/** Arrays of [batch, d_sae] that a step goes through. */
	latents: number;
	/** Rows, and whatever does not grow with the SAE. */
	rest: number;
	total: number;
}

/**
 * How many arrays of [batch, d_sae] a step needs at its peak: of the fast engine, and of TensorFlow.js, which keeps what
 * every operation gave. Measured, as the growth of the process's peak with the batch, for d_in 256 and 768, d_sae 8,192
 * and batches of 256 to 4,096; of TensorFlow.js (wasm) for d_in 64, d_sae 4,096 and a batch of 2,048.
 */
const arrays: Record<Architecture, { onnx: number; tfjs: number }> = {
	topk: { onnx: 3, tfjs: 18 },
	batchtopk: { onnx: 3, tfjs: 29 },
	matryoshka: { onnx: 3, tfjs: 29 },
	standard: { onnx: 5, tfjs: 13 },
	jumprelu: { onnx: 5, tfjs: 24 },
	gated: { onnx: 6.2, tfjs: 22 },
};
/** Copies of all weights at the peak, besides state. Measured in the same way. */
const COPIES = 3;
/** Arrays of [batch, d_in]. */
const ROWS = 10;
/** Sessions, threads and compiled code, in bytes. */
const BASE = { onnx: 60e6, tfjs: 160e6 };
/** What one WebAssembly memory holds, in bytes. */
const WEB_ASSEMBLY = 65535 * 65536;

/** About how much memory a training needs at its peak. */
export function memoryNeed(sizes: Sizes, d_in: number): MemoryNeed {
	const { architecture, d_sae, engine } = sizes;
	const { train_batch_size_tokens: batch } = sizes;
	const shape = { d_in, d_sae, batch };
	const { parameters } = architectures[architecture];
	const weights = 4 * parameters.reduce((sum, p) => sum + sizeOf(p, shape), 0);
	const need = {
		state: 4 * weights,
		copies: COPIES * weights,
		latents: arrays[architecture][engine] * 4 * batch * d_sae,
		rest: BASE[engine] + ROWS * 4 * batch * d_in,
	};
	const { state, copies, latents, rest } = need;
	return { ...need, total: state + copies + latents + rest };
}

/**
 * Throws, in one sentence, where SAEs that are trained side by side would not fit into the memory that is free, before
 * anything is allocated: how much they need, and what to lower.
 * @param free in bytes; default: what this process may still take
 */
export function checkMemory(
	list: readonly Sizes[],
	d_in: number,
	free = freeMemory(),
): void {
	const needs = list.map((sizes) => memoryNeed(sizes, d_in));
	for (const [i, { state }] of needs.entries())
		if (state > WEB_ASSEMBLY) {
			const most = rounded((list[i].d_sae * WEB_ASSEMBLY) / state);
			throw new Error(
				`The weights, gradients and moments of a ${list[i].architecture} SAE with d_in ${d_in} and d_sae ${list[i].d_sae} need ${gb(state)}, and one WebAssembly memory holds 4.29 GB: lower d_sae to at most ${most}.`,
			);
		}
	const sum = (part: keyof MemoryNeed) =>
		needs.reduce((total, need) => total + need[part], 0);
	const once = list.slice(1).reduce((all, { engine }) => all + BASE[engine], 0);
	const total = sum("total") - once; // sessions' code and the like are there once
	if (total <= free) return;
	const what =
		list.length === 1
			? `Training this ${list[0].architecture} SAE needs`
			: `Training these ${list.length} SAEs side by side needs`;
	throw new Error(
		`${what} about ${gb(total)} of memory (${gb(sum("state") + sum("copies"))} for weights, gradients and moments, ${gb(sum("latents"))} for the latents of a batch), and ${gb(free)} are free: ${cure(list, needs[0], free)}.`,
	);
}

function cure(list: readonly Sizes[], need: MemoryNeed, free: number): string {
	if (list.length > 1) return "give the sweep fewer values at a time";
	const [{ d_sae, train_batch_size_tokens: batch, engine }] = list;
	const growing = need.total - need.rest;
	const width = rounded((d_sae * (free - need.rest)) / growing);
	const rows = rounded(
		(batch * (free - need.state - need.copies - BASE[engine])) /
			(need.latents + need.rest - BASE[engine]),
	);
	const cures = [
		width > 0 ? `d_sae to at most ${width}` : "",
		rows > 0 ? `train_batch_size_tokens to at most ${rows}` : "",
	].filter(Boolean);
	return cures.length
		? `lower ${cures.join(", or ")}`
		: "free some memory, or use a machine with more";
}

/** Down to two digits; 0 where nothing is left. */
function rounded(n: number): number {
	if (!(n >= 1)) return 0;
	const unit = 10 ** Math.max(0, Math.floor(Math.log10(n)) - 1);
	return Math.floor(n / unit) * unit;
}

function gb(bytes: number): string {
	return bytes < 1e9
		? `${Math.max(0, Math.round(bytes / 1e6))} MB`
		: `${(bytes / 1e9).toPrecision(3)} GB`;
}
