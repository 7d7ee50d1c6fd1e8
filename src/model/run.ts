import { type InferenceSession, Tensor as OrtTensor } from "onnxruntime-node";
import { asBatch } from "./batch";
import type { Gpt2Config } from "./config";
import { buildStream, type Wanted } from "./graph";
import { buildHead, type HeadOutput } from "./head";
import { hookShape, hookWidth, parseHook } from "./hooks";
import { planChanges } from "./interventions";
import type { Sessions } from "./sessions";
import { feedsOf, splicedOf } from "./stages";
import type {
	Decoder,
	HookName,
	Intervention,
	ModelInfo,
	Tensor,
	TokenBatch,
} from "./types";
import type { Gpt2Weights } from "./weights";

/** What the parts of a loaded GPT-2 share. */
export interface Gpt2
	extends Pick<Decoder, "info" | "hook_names" | "toTokens"> {
	config: Gpt2Config;
	weights: Gpt2Weights;
	sessions: Sessions;
	/** The text of tokens in a row; their ids where the model has no tokenizer. */
	decode(...ids: number[]): string;
}

/** Logits of at most this many bytes are computed at once. */
const HEAD_BYTES = 16e6;

/** The values of hooks, in their true shapes, and what else of a stream is asked for. */
export async function runStream(
	{ config, weights, sessions, info, hook_names }: Gpt2,
	tokens: TokenBatch,
	hooks: readonly HookName[],
	interventions?: readonly Intervention[],
	past?: Record<string, OrtTensor>,
): Promise<Record<string, Tensor>> {
	const changes = planChanges({ info, hook_names }, tokens, interventions);
	const wanted: Wanted = {
		hooks: hook_names.filter((hook) => hooks.includes(hook)),
		spliced: splicedOf(changes),
		...(past && { past: true }),
	};
	const { ids, batch, seq } = tokens;
	const out = await sessions.run(
		JSON.stringify(wanted),
		() => buildStream(config, weights, wanted),
		{
			ids: new OrtTensor("int32", ids, [batch, seq]),
			...feedsOf(changes),
			...past,
		},
	);
	return Object.fromEntries(
		wanted.hooks.map((hook) => {
			const { data, dims } = plain(out[hook]);
			const shape = hookShape(hook) === "heads" ? perHead(info, dims) : dims;
			return [hook, { data, dims: shape }];
		}),
	);
}

function perHead({ n_heads, d_head }: ModelInfo, [batch, seq]: number[]) {
	return [batch, seq, n_heads, d_head];
}

/** What a part of the head's rows is given beside them, and the tensors that its outputs are written to. */
export interface HeadPart {
	feeds?: Record<string, OrtTensor>;
	into: Record<string, OrtTensor>;
}

/** Puts rows [n, d_model] through the head, those from number `from` up to `to` (exclusive) at a time. */
export async function runHead(
	{ config, weights, sessions }: Gpt2,
	output: HeadOutput,
	rows: Float32Array,
	part: (from: number, to: number) => HeadPart,
): Promise<void> {
	const { d_model, d_vocab } = config;
	const n = rows.length / d_model;
	const size = Math.max(16, Math.floor(HEAD_BYTES / (4 * d_vocab)));
	for (let from = 0; from < n; from += size) {
		const to = Math.min(n, from + size);
		const { feeds, into } = part(from, to);
		await sessions.run(
			output,
			() => buildHead(config, weights, output),
			{ x: rowsOf(rows, from, to, d_model), ...feeds },
			{ into },
		);
	}
}

/** Some rows of many, as a tensor [to − from, width]; nothing is copied. */
export function rowsOf(
	data: Float32Array | Int32Array,
	from: number,
	to: number,
	width = 1,
): OrtTensor {
	const type = data instanceof Float32Array ? "float32" : "int32";
	const rows = data.subarray(from * width, to * width);
	return new OrtTensor(type, rows as Float32Array, [to - from, width]);
}

/** Token ids as the head's targets. */
export function targets(ids: ArrayLike<number>): OrtTensor {
	const data = BigInt64Array.from({ length: ids.length }, (_, i) =>
		BigInt(ids[i]),
	);
	return new OrtTensor("int64", data, [ids.length, 1]);
}

const last = "ln_final.hook_normalized";

/** The methods of a model that only read its values. */
export function makeRun(
	gpt2: Gpt2,
): Pick<Decoder, "run" | "runWithCache" | "loss"> {
	const { info, hook_names } = gpt2;
	const { d_vocab } = info;

	const logitsOf = async ({ data: rows, dims }: Tensor): Promise<Tensor> => {
		const [batch, seq] = dims;
		const data = new Float32Array(batch * seq * d_vocab);
		await runHead(gpt2, "logits", rows, (from, to) => ({
			into: { logits: rowsOf(data, from, to, d_vocab) },
		}));
		return { data, dims: [batch, seq, d_vocab] };
	};
	const run: Decoder["run"] = async (input, options = {}) => {
		const tokens = asBatch(gpt2, input, options.prepend_bos);
		const hooks = (options.hooks ?? []).map((name) => parseHook(gpt2, name));
		const logits = options.logits ?? hooks.length === 0;
		if (!logits && hooks.length === 0)
			throw new Error(
				"The run would return nothing: it has no hooks, and logits are false.",
			);
		checkMemory(info, tokens, hooks, logits);
		const { [last]: normalized, ...cache } = await runStream(
			gpt2,
			tokens,
			logits ? [...hooks, last] : hooks,
			options.interventions,
		);
		return {
			tokens,
			cache: hooks.includes(last) ? { ...cache, [last]: normalized } : cache,
			...(logits && { logits: await logitsOf(normalized) }),
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
		async loss(input, { interventions, prepend_bos } = {}) {
			const tokens = asBatch(gpt2, input, prepend_bos);
			const { batch, seq, ids, lengths } = tokens;
			if (seq < 2)
				throw new Error(
					`The loss needs texts of at least 2 tokens, and the longest has ${seq}.`,
				);
			const { [last]: x } = await runStream(
				gpt2,
				tokens,
				[last],
				interventions,
			);
			const next = Int32Array.from(ids, (_, at) => ids[at + 1] ?? 0);
			const nats = new Float32Array(batch * seq);
			await runHead(gpt2, "nats", x.data, (from, to) => ({
				feeds: { target: targets(next.subarray(from, to)) },
				into: { nats: rowsOf(nats, from, to) },
			}));
			const data = new Float32Array(batch * (seq - 1));
			for (let row = 0; row < batch; row++)
				for (let at = 0; at < lengths[row] - 1; at++)
					data[row * (seq - 1) + at] = nats[row * seq + at];
			return { data, dims: [batch, seq - 1] };
		},
	};
}

/** Throws where what a run returns would not fit into the memory that is free, twice over: the runtime copies it. */
export function checkMemory(
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
	const free = process.availableMemory();
	if (needed > free)
		throw new Error(
			`The values asked for need ${gigabytes(needed)}, and ${gigabytes(free)} of memory are free: ask for fewer hooks (names_filter), or give fewer or shorter texts.`,
		);
}

function gigabytes(bytes: number): string {
	return `${(bytes / 1e9).toFixed(1)} GB`;
}

/** A float tensor of the runtime as plain numbers. */
export function plain(
	value: InferenceSession.OnnxValueMapType[string],
): Tensor {
	return { data: value.data as Float32Array, dims: [...value.dims] };
}
