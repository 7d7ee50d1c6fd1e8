import { Tensor as OrtTensor } from "onnxruntime-node";
import { untilInterrupted } from "../interrupt";
import { type Random, random } from "../random";
import { topIndices } from "../top";
import { asBatch } from "./batch";
import { textName } from "./decoder";
import { hookWidth, parseHook } from "./hooks";
import { valueWidth } from "./interventions";
import { type Gpt2, rowsOf, runHead, runStream } from "./run";
import { NotFinite } from "./texts";
import type {
	GenerateOptions,
	Generation,
	HookName,
	Intervention,
	Model,
	ModelInfo,
	TokenBatch,
} from "./types";

const last = "ln_final.hook_out";

/** `generate` of a model: one token after the other, keys and values of earlier ones kept. */
export function makeGenerate(gpt2: Gpt2): Model["generate"] {
	return (prompt, options = {}) =>
		untilInterrupted(options.signal, (signal) =>
			generate(gpt2, prompt, options, signal),
		);
}

async function generate(
	gpt2: Gpt2,
	prompt: string,
	options: GenerateOptions,
	signal?: AbortSignal,
): Promise<Generation> {
	const { max_new_tokens = 20, stop_at_eos = true } = options;
	const { n_ctx, eos_token_id } = gpt2.info;
	const tokens = promptTokens(gpt2, prompt, options);
	const room = Math.min(max_new_tokens, n_ctx - tokens.seq);
	const draw = random(options.seed ?? 0);
	const step = stepper(gpt2, tokens.seq, room, options.interventions);
	const ids: number[] = [];
	const log_probabilities: number[] = [];
	let stopped: Generation["stopped"] =
		room < max_new_tokens ? "context" : "max_new_tokens";
	for (let chunk = tokens.ids; ids.length < room; ) {
		if (signal?.aborted) {
			stopped = "interrupted";
			break;
		}
		const logits = await step(chunk);
		if (!logits.every((value) => value < Number.POSITIVE_INFINITY))
			throw new NotFinite("logits", textName(prompt)(0));
		const id = choose(logits, options, draw);
		ids.push(id);
		log_probabilities.push(logits[id] - logSumExp(logits));
		if (stop_at_eos && id === eos_token_id) {
			stopped = "eos";
			break;
		}
		chunk = Int32Array.of(id);
	}
	const added = stopped === "eos" ? ids.slice(0, -1) : ids;
	const notes = notReached(options.interventions, tokens.seq, ids.length);
	return {
		kind: "generation",
		prompt,
		text: gpt2.decode(...added),
		ids: Int32Array.from(ids),
		log_probabilities: Float32Array.from(log_probabilities),
		stopped,
		...(notes.length && { notes }),
	};
}

/** What is to be said of interventions at positions that the text did not come to: it ended before. */
function notReached(
	interventions: readonly Intervention[] = [],
	prompt: number,
	added: number,
): string[] {
	const computed = prompt + added - 1; // of the last token nothing is
	return interventions.flatMap(({ hook_name, positions = [] }) => {
		const missed = positions.filter((position) => position >= computed);
		if (missed.length === 0) return [];
		return [
			`The intervention at "${hook_name}" did nothing at position ${missed.join(", ")}: the model computed positions 0 to ${computed - 1} before the text ended.`,
		];
	});
}

function promptTokens(
	gpt2: Gpt2,
	prompt: string,
	options: GenerateOptions,
): TokenBatch {
	const { max_new_tokens = 20, temperature = 1, top_k } = options;
	const wrong = (name: string, value: unknown, needed: string) =>
		new Error(`${name} is ${value}, where ${needed} is needed.`);
	if (!Number.isInteger(max_new_tokens) || max_new_tokens < 1)
		throw wrong("max_new_tokens", max_new_tokens, "a whole number above 0");
	if (!(temperature >= 0 && temperature < Number.POSITIVE_INFINITY))
		throw wrong("temperature", temperature, "a number of at least 0");
	if (top_k !== undefined && (!Number.isInteger(top_k) || top_k < 1))
		throw wrong("top_k", top_k, "a whole number above 0");
	const { n_ctx, name } = gpt2.info;
	const { prepend_bos } = options;
	const { ids, cut } = gpt2.toTokens(prompt, { prepend_bos });
	if (ids.length + cut >= n_ctx)
		throw new Error(
			`The prompt has ${ids.length + cut} tokens, and the context of "${name}" holds ${n_ctx}: there is no room for a new one; shorten it.`,
		);
	return asBatch(gpt2, prompt, prepend_bos);
}

/**
 * The intervention with its positions counted from the context's beginning. Throws on one that is never computed: of the
 * last new token nothing is.
 */
function fromBeginning(
	given: Intervention,
	{ n_ctx }: Pick<ModelInfo, "n_ctx">,
	prompt: number,
	room: number,
): Intervention {
	if (!given.positions) return given;
	const end = prompt + room - 1;
	const positions = given.positions.map((position) => {
		const at = position < 0 ? prompt + position : position;
		if (Number.isInteger(position) && at >= 0 && at < end) return at;
		const asks = `The intervention at "${given.hook_name}" asks for position ${position}, but`;
		throw new Error(
			at < n_ctx
				? `${asks} the prompt has ${prompt} tokens and up to ${room} new ones follow, so the positions that the model computes are 0 to ${end - 1}.`
				: `${asks} the positions of a context are 0 to ${n_ctx - 1}.`,
		);
	});
	return { ...given, positions };
}

/** Takes the next tokens in; gives the logits behind the last of them. */
function stepper(
	gpt2: Gpt2,
	prompt: number,
	room: number,
	asked: readonly Intervention[] = [],
): (ids: Int32Array) => Promise<Float32Array> {
	const interventions = asked.map((one) => {
		const hook_name = parseHook(gpt2, one.hook_name);
		return { ...fromBeginning(one, gpt2.info, prompt, room), hook_name };
	});
	const { n_layers, n_heads, d_head, n_ctx, d_model, d_vocab } = gpt2.info;
	const width = n_heads * d_head;
	const kept = Array.from({ length: n_layers }, () => ({
		k: new Float32Array(n_ctx * width),
		v: new Float32Array(n_ctx * width),
	}));
	const hooks = kept.flatMap((_, layer): HookName[] => [
		`blocks.${layer}.attn.hook_k`,
		`blocks.${layer}.attn.hook_v`,
	]);
	let before = 0;
	return async (ids) => {
		const past: Record<string, OrtTensor> = {};
		for (const [layer, parts] of kept.entries())
			for (const part of ["k", "v"] as const)
				past[`past.${layer}.${part}`] = new OrtTensor(
					"float32",
					parts[part].subarray(0, before * width),
					[1, before, width],
				);
		const seq = ids.length;
		const tokens = { ids, lengths: Int32Array.of(seq), batch: 1, seq };
		const out = await runStream(
			gpt2,
			tokens,
			[last, ...hooks],
			interventions.map((i) =>
				duringChunk(i, before, seq, hookWidth(gpt2.info, i.hook_name)),
			),
			past,
		);
		for (const [layer, { k, v }] of kept.entries()) {
			k.set(out[`blocks.${layer}.attn.hook_k`].data, before * width);
			v.set(out[`blocks.${layer}.attn.hook_v`].data, before * width);
		}
		before += seq;
		const logits = new Float32Array(d_vocab);
		await runHead(gpt2, "logits", out[last].data.subarray(-d_model), () => ({
			into: { logits: rowsOf(logits, 0, 1, d_vocab) },
		}));
		return logits;
	};
}

/**
 * An intervention as seen from tokens `from` to `from + seq` of the context. Values given for each position are the
 * prompt's: they change nothing behind it.
 */
function duringChunk(
	given: Intervention,
	from: number,
	seq: number,
	width: number,
): Intervention {
	const wide = valueWidth(given, width);
	if (from > 0 && "values" in given && given.values.length !== wide)
		return {
			...given,
			values: given.values.subarray(0, wide),
			positions: [],
		};
	if (!given.positions) return given;
	const positions = given.positions
		.map((position) => position - from)
		.filter((position) => position >= 0 && position < seq);
	return { ...given, positions };
}

/** Draws a token from softmax(logits / temperature), or from the top_k likeliest of them. */
function choose(
	logits: Float32Array,
	{ temperature = 1, top_k }: GenerateOptions,
	draw: Random,
): number {
	const [best] = topIndices(logits, 1);
	if (temperature === 0) return best;
	const ids =
		top_k !== undefined && top_k < logits.length
			? topIndices(logits, top_k)
			: logits.keys();
	const weights = new Map<number, number>();
	let total = 0;
	for (const id of ids) {
		const weight = Math.exp((logits[id] - logits[best]) / temperature);
		weights.set(id, weight);
		total += weight;
	}
	let left = draw.uniform() * total;
	for (const [id, weight] of weights) {
		left -= weight;
		if (left < 0) return id;
	}
	return best;
}

function logSumExp(values: Float32Array): number {
	const best = values.reduce(
		(a, b) => Math.max(a, b),
		Number.NEGATIVE_INFINITY,
	);
	return (
		best + Math.log(values.reduce((sum, v) => sum + Math.exp(v - best), 0))
	);
}
