import { type InferenceSession, Tensor as OrtTensor } from "onnxruntime-node";
import { listenTo } from "../interrupt";
import { asBatch, textsOf } from "./batch";
import { placed, textName } from "./decoder";
import {
	buildGradients,
	cacheOf,
	gradientOf,
	type WantedGradients,
} from "./gradient-graph";
import { alsoByName, hookShape, parseHook } from "./hooks";
import { changesOf, planChanges } from "./interventions";
import { type MetricRow, metricRows } from "./metric";
import { type Gpt2, plain } from "./run";
import { endingAt } from "./sessions";
import { feedsOf, splicedOf } from "./stages";
import { NotFinite } from "./texts";
import type {
	GradientResult,
	Model,
	ModelInfo,
	Tensor,
	TokenBatch,
} from "./types";

/** Texts go through together while what the backward half needs of the forward half is at most so many bytes, */
const STREAM_BYTES = 400e6;
/** and the logits of the metric so many. */
const LOGITS_BYTES = 256e6;

/** `runWithGradients` of a model. */
export function makeGradients(gpt2: Gpt2): Model["runWithGradients"] {
	const { info, config, weights } = gpt2;
	return async (input, options) => {
		const { metric, hooks, interventions, prepend_bos } = options;
		const { sessions } = endingAt(gpt2, listenTo(options.signal));
		const tokens = asBatch(gpt2, input, prepend_bos);
		const names = (hooks ?? []).map((name) => parseHook(gpt2, name));
		if (names.length === 0)
			throw new Error(
				'No hook was given; runWithGradients needs those whose gradients are wanted, such as hooks: ["hook_embed"].',
			);
		const rows = metricRows(gpt2, tokens, metric);
		const changes = planChanges(gpt2, tokens, interventions);
		const wanted: WantedGradients = {
			metric: metric.type,
			hooks: gpt2.hook_names.filter((hook) => names.includes(hook)),
			spliced: splicedOf(changes),
		};
		const result: GradientResult = {
			kind: "gradients",
			tokens,
			metric: new Float32Array(tokens.batch),
			gradients: {},
			cache: {},
		};
		for (const { from, to, read } of cut(info, tokens, rows)) {
			const texts = textsOf(tokens, from, to);
			const out = await sessions.run(
				JSON.stringify(wanted),
				() => buildGradients(config, weights, wanted),
				{
					ids: new OrtTensor("int32", texts.ids, [texts.batch, texts.seq]),
					...feedsOf(changesOf(changes, from, to)),
					...feedsOfRows(read, wanted.metric, from, tokens.seq),
				},
				{ lean: true }, // every weight is used from both sides
			);
			const values = plain(out.metric).data;
			for (const [i, { text, weight }] of read.entries())
				result.metric[text] += weight * values[i];
			for (const hook of wanted.hooks) {
				place(result.cache, hook, out[cacheOf(hook)], tokens.batch, from);
				place(
					result.gradients,
					hook,
					out[gradientOf(hook)],
					tokens.batch,
					from,
				);
			}
		}
		const named = textName(input);
		for (const hook of wanted.hooks)
			for (const all of [result.cache, result.gradients]) {
				if (hookShape(hook) === "heads")
					all[hook].dims.splice(2, 1, info.n_heads, info.d_head);
				all[hook] = placed(hook, all[hook], tokens, named);
			}
		const bad = result.metric.findIndex((value) => !Number.isFinite(value));
		if (bad >= 0) throw new NotFinite("values of the metric", named(bad));
		for (const all of [result.cache, result.gradients])
			alsoByName(all, gpt2, hooks);
		return result;
	};
}

interface Part {
	/** The texts from this number up to `to` (exclusive). */
	from: number;
	to: number;
	/** The rows that the metric reads of them. */
	read: MetricRow[];
}

/** Cuts a batch where its values would take too much memory; each part has at least one text. */
function cut(
	info: ModelInfo,
	{ batch, seq }: TokenBatch,
	rows: MetricRow[],
): Part[] {
	const { d_model, d_mlp, d_vocab, n_heads, n_layers } = info;
	const perToken = n_layers * (14 * d_model + 3 * d_mlp + 3 * n_heads * seq);
	const texts = Math.max(1, Math.floor(STREAM_BYTES / (4 * seq * perToken)));
	const most = LOGITS_BYTES / (4 * d_vocab);
	const parts: Part[] = [];
	let at = 0;
	for (let text = 0; text < batch; text++) {
		const first = at;
		while (at < rows.length && rows[at].text === text) at++;
		const own = rows.slice(first, at);
		const part = parts.at(-1);
		if (
			part &&
			text - part.from < texts &&
			part.read.length + own.length <= most
		) {
			part.to = text + 1;
			part.read.push(...own);
		} else parts.push({ from: text, to: text + 1, read: own });
	}
	return parts;
}

function feedsOfRows(
	read: MetricRow[],
	metric: string,
	from: number,
	seq: number,
): Record<string, OrtTensor> {
	const n = read.length;
	const ints = (value: (row: MetricRow) => number, dims: number[]) =>
		new OrtTensor(
			"int64",
			BigInt64Array.from(read, (row) => BigInt(value(row))),
			dims,
		);
	return {
		rows: ints(({ text, position }) => (text - from) * seq + position, [n]),
		token: ints(({ token }) => token, [n, 1]),
		...(metric === "logit_difference" && {
			versus: ints(({ versus }) => versus, [n, 1]),
		}),
		weight: new OrtTensor(
			"float32",
			Float32Array.from(read, ({ weight }) => weight),
			[n, 1],
		),
	};
}

/** Puts the values of some texts in their place among those of all. */
function place(
	all: Record<string, Tensor>,
	hook: string,
	value: InferenceSession.OnnxValueMapType[string],
	batch: number,
	from: number,
): void {
	const { data, dims } = plain(value);
	if (dims[0] === batch) {
		all[hook] = { data, dims };
		return;
	}
	const [texts, ...rest] = dims;
	all[hook] ??= {
		data: new Float32Array((data.length / texts) * batch),
		dims: [batch, ...rest],
	};
	all[hook].data.set(data, from * (data.length / texts));
}
