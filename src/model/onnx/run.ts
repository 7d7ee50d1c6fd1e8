import { textsOf } from "../batch";
import type { Engine } from "../decoder";
import { hookShape, hookWidth } from "../hooks";
import { type Changes, changesOf, planChanges } from "../interventions";
import { plain, targets } from "../run";
import type { Sessions } from "../sessions";
import { feedsOf, splicedOf } from "../stages";
import type {
	Decoder,
	HookName,
	ModelInfo,
	Tensor,
	TokenBatch,
} from "../types";
import { feedsFor } from "./feeds";
import { buildPart, readName, type Source, type Wanted } from "./graph";

/** What the methods of a decoder share. */
export interface OnnxDecoder
	extends Pick<Decoder, "info" | "hook_names" | "toTokens"> {
	source: Source;
	sessions: Sessions;
}

/** For the loss, texts go through together while their logits need at most this many bytes. */
const LOGIT_BYTES = 64e6;

/** How a decoder computes what a run or a loss asks for. */
export function makeEngine(decoder: OnnxDecoder): Engine {
	const { info, source, sessions } = decoder;

	const runPart = (
		tokens: TokenBatch,
		changes: Changes,
		wanted: Omit<Wanted, "spliced">,
		more: ReturnType<typeof feedsOf> = {},
	) => {
		const part: Wanted = { ...wanted, spliced: splicedOf(changes) };
		return sessions.run(JSON.stringify(part), () => buildPart(source, part), {
			...feedsFor(source.w.graph.inputs, tokens),
			...feedsOf(changes),
			...more,
		});
	};
	return {
		async compute(tokens, { hooks, logits }, interventions) {
			const changes = planChanges(decoder, tokens, interventions);
			const out = await runPart(tokens, changes, { hooks, logits });
			const read = (what: HookName | "logits", dims: number[]) =>
				shaped(what, plain(out[readName(what)]), dims);
			return {
				cache: Object.fromEntries(
					hooks.map((hook) => [hook, read(hook, dimsOf(info, tokens, hook))]),
				),
				...(logits && {
					logits: read("logits", [tokens.batch, tokens.seq, info.d_vocab]),
				}),
			};
		},
		async nats(tokens, next, interventions) {
			const { batch, seq } = tokens;
			const changes = planChanges(decoder, tokens, interventions);
			const perText = 4 * info.d_vocab * seq;
			const rows = Math.max(1, Math.floor(LOGIT_BYTES / perText));
			const nats = new Float32Array(batch * seq);
			for (let from = 0; from < batch; from += rows) {
				const to = Math.min(batch, from + rows);
				const out = await runPart(
					textsOf(tokens, from, to),
					changesOf(changes, from, to),
					{ hooks: [], nats: true },
					{ "ours:target": targets(next.subarray(from * seq, to * seq)) },
				);
				nats.set(plain(out["ours:nats"]).data, from * seq);
			}
			return nats;
		},
	};
}

/** The shape of a hook's values. */
function dimsOf(
	info: ModelInfo,
	{ batch, seq }: TokenBatch,
	hook: HookName,
): number[] {
	const shape = hookShape(hook);
	if (shape === "per head") return [batch, info.n_heads, seq, seq];
	if (shape === "heads") return [batch, seq, info.n_heads, info.d_head];
	return [batch, seq, hookWidth(info, hook)];
}

/** The graph may have the same numbers in another shape, such as the rows of all texts one after the other. */
function shaped(what: string, { data, dims: own }: Tensor, dims: number[]) {
	if (data.length !== dims.reduce((a, b) => a * b, 1))
		throw new Error(
			`The graph gives "${what}" the shape [${own}], where [${dims}] was expected; it is of a form that is not understood.`,
		);
	return { data, dims };
}
