import { asBatch, textsOf } from "../batch";
import { hookShape, hookWidth, parseHook } from "../hooks";
import { type Changes, changesOf, planChanges } from "../interventions";
import { checkMemory, plain, targets } from "../run";
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

/** The methods of a decoder that read its values. */
export function makeRun(
	decoder: OnnxDecoder,
): Pick<Decoder, "run" | "runWithCache" | "loss"> {
	const { info, hook_names, source, sessions } = decoder;

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
	const run: Decoder["run"] = async (input, options = {}) => {
		const tokens = asBatch(decoder, input, options.prepend_bos);
		const names = (options.hooks ?? []).map((name) => parseHook(decoder, name));
		const hooks = [...new Set(names)].sort();
		const logits = options.logits ?? hooks.length === 0;
		if (!logits && hooks.length === 0)
			throw new Error(
				"The run would return nothing: it has no hooks, and logits are false.",
			);
		checkMemory(info, tokens, hooks, logits);
		const changes = planChanges(decoder, tokens, options.interventions);
		const out = await runPart(tokens, changes, { hooks, logits });
		const read = (what: HookName | "logits", dims: number[]) =>
			shaped(what, plain(out[readName(what)]), dims);
		return {
			tokens,
			cache: Object.fromEntries(
				hooks.map((hook) => [hook, read(hook, dimsOf(info, tokens, hook))]),
			),
			...(logits && {
				logits: read("logits", [tokens.batch, tokens.seq, info.d_vocab]),
			}),
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
			const tokens = asBatch(decoder, input, prepend_bos);
			const { batch, seq, lengths } = tokens;
			if (seq < 2)
				throw new Error(
					`The loss needs texts of at least 2 tokens, and the longest has ${seq}.`,
				);
			const changes = planChanges(decoder, tokens, interventions);
			const perText = 4 * info.d_vocab * seq;
			const rows = Math.max(1, Math.floor(LOGIT_BYTES / perText));
			const data = new Float32Array(batch * (seq - 1));
			for (let from = 0; from < batch; from += rows) {
				const part = textsOf(tokens, from, from + rows);
				const next = Int32Array.from(part.ids, (_, i) => part.ids[i + 1] ?? 0);
				const out = await runPart(
					part,
					changesOf(changes, from, from + rows),
					{ hooks: [], nats: true },
					{ "ours:target": targets(next) },
				);
				const { data: nats } = plain(out["ours:nats"]);
				for (let row = 0; row < part.batch; row++)
					for (let at = 0; at < lengths[from + row] - 1; at++)
						data[(from + row) * (seq - 1) + at] = nats[row * seq + at];
			}
			return { data, dims: [batch, seq - 1] };
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
