import { type InferenceSession, Tensor as OrtTensor } from "onnxruntime-node";
import type { Gpt2Config } from "./config";
import type { Engine } from "./decoder";
import { buildStream, type Wanted } from "./graph";
import { buildHead, type HeadOutput } from "./head";
import { hookShape } from "./hooks";
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

const last = "ln_final.hook_out" as const;

/** How a GPT-2 computes what a run or a loss asks for. */
export function makeEngine(gpt2: Gpt2): Engine {
	const { d_vocab, d_model } = gpt2.info;
	const logitsOf = async ({ data: rows, dims }: Tensor): Promise<Tensor> => {
		const [batch, seq] = dims;
		const data = new Float32Array(batch * seq * d_vocab);
		await runHead(gpt2, "logits", rows, (from, to) => ({
			into: { logits: rowsOf(data, from, to, d_vocab) },
		}));
		return { data, dims: [batch, seq, d_vocab] };
	};
	return {
		async compute(tokens, { hooks, logits }, interventions) {
			const wanted: HookName[] = logits ? [...hooks, last] : hooks;
			const values = await runStream(gpt2, tokens, wanted, interventions);
			const cache = Object.fromEntries(
				hooks.map((hook) => [hook, values[hook]]),
			);
			return { cache, ...(logits && { logits: await logitsOf(values[last]) }) };
		},
		async nats(tokens, next, interventions) {
			const { [last]: x } = await runStream(
				gpt2,
				tokens,
				[last],
				interventions,
			);
			const nats = new Float32Array(next.length);
			await runHead(gpt2, "nats", x.data, (from, to) => ({
				feeds: { target: targets(next.subarray(from, to)) },
				into: { nats: rowsOf(nats, from, to) },
			}));
			return nats;
		},
		async compare(tokens, next, { hooks, conditions }) {
			const wanted: HookName[] = [...hooks, last];
			const { [last]: x, ...cache } = await runStream(gpt2, tokens, wanted);
			const streams: Tensor[] = [];
			for (const interventions of await conditions(cache)) {
				const out = await runStream(gpt2, tokens, [last], interventions);
				streams.push(out[last]);
			}
			const row = () => new Float32Array(next.length);
			const nats = row();
			const changed = streams.map(() => ({ nats: row(), kl: row() }));
			const output = `compared with ${streams.length}` as const;
			await runHead(gpt2, output, x.data, (from, to) => {
				const feeds = { target: targets(next.subarray(from, to)) };
				const into = { nats: rowsOf(nats, from, to) };
				for (const [i, { data }] of streams.entries())
					Object.assign(feeds, { [`x.${i}`]: rowsOf(data, from, to, d_model) });
				for (const [i, out] of changed.entries())
					Object.assign(into, {
						[`nats.${i}`]: rowsOf(out.nats, from, to),
						[`kl.${i}`]: rowsOf(out.kl, from, to),
					});
				return { feeds, into };
			});
			return { nats, changed };
		},
	};
}

/** A float tensor of the runtime as plain numbers. */
export function plain(
	value: InferenceSession.OnnxValueMapType[string],
): Tensor {
	return { data: value.data as Float32Array, dims: [...value.dims] };
}
