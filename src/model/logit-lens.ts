import { Tensor as OrtTensor } from "onnxruntime-node";
import { listenTo } from "../interrupt";
import { asBatch } from "./batch";
import { textName } from "./decoder";
import { type Gpt2, rowsOf, runHead, runStream, targets } from "./run";
import { endingAt } from "./sessions";
import { NotFinite } from "./texts";
import type { HookName, LogitLens, Model } from "./types";

/** `logitLens` of a model: every layer's stream through the final norm and the unembedding. */
export function makeLogitLens(model: Gpt2): Model["logitLens"] {
	return async (input, options = {}) => {
		const { top_k = 5, interventions, prepend_bos } = options;
		const gpt2 = endingAt(model, listenTo(options.signal));
		const { n_layers, d_vocab } = gpt2.info;
		const tokens = asBatch(gpt2, input, prepend_bos);
		if (tokens.batch !== 1)
			throw new Error(
				`The logit lens reads one text, and ${tokens.batch} were given: call it once for each.`,
			);
		if (!Number.isInteger(top_k) || top_k < 1 || top_k > d_vocab)
			throw new Error(
				`top_k is ${top_k}, where a whole number from 1 to ${d_vocab} is needed.`,
			);
		const hooks: HookName[] = [
			...Array.from(
				{ length: n_layers },
				(_, layer): HookName => `blocks.${layer}.hook_resid_pre`,
			),
			`blocks.${n_layers - 1}.hook_resid_post`,
		];
		const streams = await runStream(gpt2, tokens, hooks, interventions);
		const ids = tokens.ids.subarray(0, tokens.lengths[0]); // without padding
		const lens: LogitLens = {
			kind: "logit-lens",
			tokens: Array.from(ids, (id) => gpt2.decode(id)),
			...(tokens.cut && { cut: tokens.cut[0] }),
			hooks,
			top: [],
			log_probability: [],
			rank: [],
		};
		const { d_model } = gpt2.info;
		const named = textName(input)(0);
		for (const hook of hooks) {
			const own = streams[hook].data.subarray(0, ids.length * d_model);
			if (!own.every(Number.isFinite))
				throw new NotFinite(`activations at "${hook}"`, named);
			await addLayer(gpt2, lens, ids, own, top_k, named);
		}
		return lens;
	};
}

async function addLayer(
	gpt2: Gpt2,
	lens: LogitLens,
	ids: Int32Array,
	stream: Float32Array,
	k: number,
	named: string,
): Promise<void> {
	const n = ids.length;
	const next = Int32Array.from(ids, (_, at) => ids[at + 1] ?? 0);
	const nats = new Float32Array(n);
	const rank = new Int32Array(n);
	const which = new Int32Array(n * k);
	const best = new Float32Array(n * k);
	await runHead(gpt2, "lens", stream, (from, to) => ({
		feeds: {
			target: targets(next.subarray(from, to)),
			k: new OrtTensor("int64", BigInt64Array.of(BigInt(k)), [1]),
		},
		into: {
			nats: rowsOf(nats, from, to),
			rank: rowsOf(rank, from, to),
			ids: rowsOf(which, from, to, k),
			log_probabilities: rowsOf(best, from, to, k),
		},
	}));
	if (best.some(Number.isNaN)) throw new NotFinite("logits", named);
	lens.top.push(
		Array.from({ length: n }, (_, at) =>
			Array.from(which.subarray(at * k, (at + 1) * k), (id, i) => ({
				id,
				token: gpt2.decode(id),
				probability: Math.exp(best[at * k + i]),
			})),
		),
	);
	lens.log_probability.push(nats.subarray(0, -1).map((x) => -x));
	lens.rank.push(rank.slice(0, -1));
}
