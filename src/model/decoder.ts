import { listenTo } from "../interrupt";
import { freeMemory } from "../memory";
import { asBatch } from "./batch";
import { alsoByName, hookShape, hookWidth, parseHook } from "./hooks";
import { checkFinite, overTexts, positionAxes } from "./texts";
import type {
	CompareOptions,
	Decoder,
	HookName,
	Input,
	Intervention,
	ModelInfo,
	RunResult,
	Tensor,
	TokenBatch,
} from "./types";

/** What each kind of model does in its own way. */
export interface Engine {
	/** The values at hooks, in the model's order, and the logits where they are wanted. */
	compute(
		tokens: TokenBatch,
		wanted: { hooks: HookName[]; logits: boolean },
		interventions?: Intervention[],
	): Promise<Pick<RunResult, "cache" | "logits">>;
	/** −log p of the token `next` behind each token, [batch, seq]; at padding it means nothing. */
	nats(
		tokens: TokenBatch,
		next: Int32Array,
		interventions?: Intervention[],
	): Promise<Float32Array>;
	/** `nats` of the model as it is, and under each condition with its KL divergence: all [batch, seq]. */
	compare(
		tokens: TokenBatch,
		next: Int32Array,
		options: Pick<CompareOptions, "conditions"> & { hooks: HookName[] },
	): Promise<{ nats: Float32Array; changed: Compared[] }>;
}

/** One condition's −log p of the next token and KL(as it is ‖ changed), in nats: each [batch, seq]. */
export type Compared = Record<"nats" | "kl", Float32Array>;

/**
 * The methods of a model that only read its values. `engineFor` gives the engine of one call, which throws the reason of
 * the signal that it is given.
 */
export function makeRuns(
	model: Pick<Decoder, "info" | "hook_names" | "toTokens">,
	engineFor: (signal: AbortSignal | undefined) => Engine,
): Pick<Decoder, "run" | "runWithCache" | "loss" | "compare"> {
	const { info, hook_names } = model;
	const byNames = (
		cache: RunResult["cache"],
		asked: readonly string[] = [],
	): RunResult["cache"] => alsoByName(cache, model, asked);
	const run: Decoder["run"] = async (input, options = {}) => {
		const engine = engineFor(listenTo(options.signal));
		const tokens = asBatch(model, input, options.prepend_bos);
		const names = (options.hooks ?? []).map((name) => parseHook(model, name));
		const hooks = hook_names.filter((hook) => names.includes(hook));
		const logits = options.logits ?? hooks.length === 0;
		if (!logits && hooks.length === 0)
			throw new Error(
				"The run would return nothing: it has no hooks, and logits are false.",
			);
		checkMemory(info, tokens, hooks, logits);
		const wanted = { hooks, logits };
		const { cache, logits: found } = await engine.compute(
			tokens,
			wanted,
			options.interventions,
		);
		const named = textName(input);
		return {
			kind: "run",
			tokens,
			...(found && { logits: placed("logits", found, tokens, named) }),
			cache: byNames(placedCache(cache, tokens, named), options.hooks),
		};
	};
	return {
		run,
		runWithCache(input, { names_filter, ...options } = {}) {
			const accepts =
				typeof names_filter === "function" ? names_filter : () => true;
			const hooks = Array.isArray(names_filter)
				? names_filter
				: hook_names.filter(accepts);
			return run(input, { ...options, hooks, logits: true });
		},
		async loss(input, { interventions, prepend_bos, signal } = {}) {
			const engine = engineFor(listenTo(signal));
			const tokens = asBatch(model, input, prepend_bos);
			const next = nextTokens(tokens);
			const nats = await engine.nats(tokens, next, interventions);
			return lossOf(tokens, nats, textName(input));
		},
		async compare(input, { prepend_bos, signal, ...options }) {
			const engine = engineFor(listenTo(signal));
			const tokens = asBatch(model, input, prepend_bos);
			const next = nextTokens(tokens);
			const names = (options.hooks ?? []).map((name) => parseHook(model, name));
			const hooks = hook_names.filter((hook) => names.includes(hook));
			const named = textName(input);
			const out = await engine.compare(tokens, next, {
				hooks,
				conditions: (cache) =>
					options.conditions(
						byNames(placedCache(cache, tokens, named), options.hooks),
					),
			});
			const { batch, seq } = tokens;
			return {
				kind: "comparison",
				tokens,
				loss: lossOf(tokens, out.nats, named),
				changed: out.changed.map(({ nats, kl }) => ({
					loss: lossOf(tokens, nats, named),
					kl: overTexts({ data: kl, dims: [batch, seq] }, tokens),
				})),
			};
		},
	};
}

/** How an error calls a text: by its number, and by its beginning where it was given as text. */
export function textName(input: Input): (text: number) => string {
	const texts = typeof input === "string" ? [input] : input;
	return (text) =>
		Array.isArray(texts)
			? `text ${text} (${JSON.stringify(texts[text].slice(0, 40))})`
			: `text ${text}`;
}

/** Values at a hook as a tensor over texts. Throws where one is NaN or infinite. */
export function placed(
	hook: HookName | "logits",
	values: Tensor,
	tokens: TokenBatch,
	named: (text: number) => string,
): Tensor {
	const tensor = overTexts(values, tokens, positionAxes(hook));
	const what = hook === "logits" ? hook : `activations at "${hook}"`;
	checkFinite(what, tensor, named);
	return tensor;
}

function placedCache(
	cache: RunResult["cache"],
	tokens: TokenBatch,
	named: (text: number) => string,
): RunResult["cache"] {
	return Object.fromEntries(
		Object.entries(cache).map(([hook, values]) => [
			hook,
			placed(hook as HookName, values, tokens, named),
		]),
	);
}

/** The token behind each; the last has none and gets whatever stands there. */
function nextTokens({ ids, seq }: TokenBatch): Int32Array {
	if (seq < 2)
		throw new Error(
			`The loss needs texts of at least 2 tokens, and the longest has ${seq}.`,
		);
	return Int32Array.from(ids, (_, at) => ids[at + 1] ?? 0);
}

/** [batch, seq] without the last of each text: [batch, seq - 1]. */
function lossOf(
	tokens: TokenBatch,
	nats: Float32Array,
	named: (text: number) => string,
): Tensor {
	const { batch, seq } = tokens;
	const data = new Float32Array(batch * (seq - 1));
	for (let row = 0; row < batch; row++)
		data.set(nats.subarray(row * seq, (row + 1) * seq - 1), row * (seq - 1));
	const loss = overTexts({ data, dims: [batch, seq - 1] }, tokens, [1], 1);
	checkFinite("losses", loss, named);
	return loss;
}

/** Throws where what a run returns would not fit into the memory that is free, twice over: the runtime copies it. */
function checkMemory(
	info: ModelInfo,
	{ batch, seq }: TokenBatch,
	hooks: readonly HookName[],
	logits: boolean,
): void {
	const perText = (hook: HookName) => {
		if (hook.endsWith("hook_result")) return seq * info.n_heads * info.d_model;
		if (hookShape(hook) === "per head") return info.n_heads * seq * seq;
		return seq * hookWidth(info, hook);
	};
	const values =
		hooks.reduce((sum, hook) => sum + perText(hook), 0) +
		(logits ? seq * info.d_vocab : 0);
	const needed = 8 * batch * values;
	if (needed < 1e6) return; // asking takes a millisecond
	const free = freeMemory();
	if (needed > free)
		throw new Error(
			`The values asked for need ${gigabytes(needed)}, and ${gigabytes(free)} of memory are free: ask for fewer hooks (names_filter), or give fewer or shorter texts.`,
		);
}

function gigabytes(bytes: number): string {
	return `${(bytes / 1e9).toFixed(1)} GB`;
}
