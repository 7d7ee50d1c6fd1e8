import { Tensor as OrtTensor } from "onnxruntime-node";
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
	const compute: Engine["compute"] = async (
		tokens,
		{ hooks, logits },
		interventions,
	) => {
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
	};
	return {
		compute,
		async nats(tokens, next, interventions) {
			const changes = planChanges(decoder, tokens, interventions);
			const nats = new Float32Array(next.length);
			for (const { from, to, texts, at } of parts(tokens)) {
				const out = await runPart(
					texts,
					changesOf(changes, from, to),
					{ hooks: [], nats: true },
					{ "ours:target": targets(next.subarray(at, at + texts.ids.length)) },
				);
				nats.set(plain(out["ours:nats"]).data, at);
			}
			return nats;
		},
		async compare(tokens, next, { hooks, conditions }) {
			const { cache } = hooks.length
				? await compute(tokens, { hooks, logits: false })
				: { cache: {} };
			const plans = (await conditions(cache)).map((interventions) =>
				planChanges(decoder, tokens, interventions),
			);
			const row = () => new Float32Array(next.length);
			const nats = row();
			const changed = plans.map(() => ({ nats: row(), kl: row() }));
			for (const { from, to, texts, at } of parts(tokens)) {
				const target = targets(next.subarray(at, at + texts.ids.length));
				const asked = { hooks: [], nats: true };
				const fed = { "ours:target": target };
				const own = { ...asked, logits: true };
				const out = await runPart(texts, new Map(), own, fed);
				nats.set(plain(out["ours:nats"]).data, at);
				const { data } = plain(out[readName("logits")]);
				const dims = [texts.ids.length, info.d_vocab];
				const clean = new OrtTensor("float32", data, dims);
				for (const [i, plan] of plans.entries()) {
					const changes = changesOf(plan, from, to);
					const both = { ...asked, kl: true };
					const feeds = { ...fed, "ours:clean": clean };
					const out = await runPart(texts, changes, both, feeds);
					changed[i].nats.set(plain(out["ours:nats"]).data, at);
					changed[i].kl.set(plain(out["ours:kl"]).data, at);
				}
			}
			return { nats, changed };
		},
	};

	/** The texts in parts whose logits are not too large; `at` is where a part's positions begin. */
	function* parts(tokens: TokenBatch) {
		const { batch, seq } = tokens;
		const perText = 4 * info.d_vocab * seq;
		const size = Math.max(1, Math.floor(LOGIT_BYTES / perText));
		for (let from = 0; from < batch; from += size) {
			const to = Math.min(batch, from + size);
			yield { from, to, texts: textsOf(tokens, from, to), at: from * seq };
		}
	}
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
