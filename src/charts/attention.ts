import type { Tensor } from "../model";
import { percent } from "../say";
import { at } from "../tensors";
import { type Chart, chart, heat, ink } from "./theme";
import { shownOf, tokenLabels } from "./tokens";

/** Heads and tokens shown at most: the more heads, the fewer tokens. */
const limit = {
	heads: 12,
	tokens: (heads: number) => (heads > 4 ? 16 : heads > 1 ? 32 : 40),
};

export interface AttentionOptions {
	layer: number;
	/** Default: all heads of the layer, at most 12. */
	heads?: number[];
	/** Which text of the batch; default: 0. */
	text?: number;
	/** What is seen. Default: which head gives one token the most. */
	title?: string;
}

/**
 * Where each token looks: for each head of a layer a square with one row a query, one column a key, the colour being the
 * share of the query's attention that the key gets (a row sums to 1; keys after the query get none).
 *
 * `cache`: of a run with blocks.L.attn.hook_pattern. `tokens`: the text's, as `toStrTokens` gives them. At most 40 tokens
 * are shown, 32 of them with several heads and 16 with more than four.
 */
export function attention(
	cache: Record<string, Tensor>,
	tokens: string[],
	options: AttentionOptions,
): Chart {
	const { layer, text = 0 } = options;
	const hook = `blocks.${layer}.attn.hook_pattern`;
	const pattern = cache[hook];
	if (!pattern)
		throw new Error(
			`charts.attention needs the values of "${hook}", and the cache does not hold them: ask runWithCache for that hook.`,
		);
	const seq = pattern.texts?.lengths[text] ?? pattern.dims[3];
	if (tokens.length > seq || (pattern.texts && tokens.length < seq))
		throw new Error(
			`charts.attention was given ${tokens.length} tokens for a pattern of ${seq}: give the tokens of the text that was run, BOS included where it was.`,
		);
	const all = Array.from({ length: pattern.dims[1] }, (_, head) => head);
	const heads = (options.heads ?? all).slice(0, limit.heads);
	if (!heads.length || !tokens.length)
		throw new Error(
			"charts.attention was given nothing to show: give it at least one head and one token.",
		);
	const labels = tokenLabels(tokens, limit.tokens(heads.length));
	const values = heads.flatMap((head) =>
		labels.flatMap((query, q) =>
			labels.slice(0, q + 1).map((key, k) => ({
				head: `head ${head}`,
				query,
				key,
				share: Number(at(pattern, text, head, q)[k].toFixed(3)),
			})),
		),
	);
	const n = labels.length;
	const step = n > 12 ? 10 : n > 8 ? 14 : 20;
	return chart({
		title: {
			text:
				options.title ??
				`Layer ${layer}: ${strongest(pattern, text, heads, tokens)}`,
			subtitle: `${hook}: the share of its attention that each query (row) gives to each key (column)${shownOf(labels.length, tokens.length)}`,
		},
		data: { values },
		columns: Math.min(n > 16 ? 2 : 4, heads.length),
		spacing: 14,
		facet: {
			field: "head",
			type: "nominal",
			sort: heads.map((head) => `head ${head}`),
			title: null,
		},
		spec: {
			width: { step },
			height: { step },
			mark: { type: "rect" },
			encoding: {
				x: place("key", labels, { labelAngle: -90, orient: "bottom" }, step),
				y: place("query", labels, {}, step),
				color: {
					field: "share",
					type: "quantitative",
					scale: { range: heat, domain: [0, 1] },
					legend: {
						title: ["share of the", "query's attention"],
						format: ".0%",
						tickCount: 3,
					},
				},
				tooltip: [
					{ field: "head" },
					{ field: "query" },
					{ field: "key" },
					{ field: "share", format: ".1%" },
				],
			},
		},
	});
}

function place(field: string, labels: string[], more: object, step: number) {
	return {
		field,
		type: "nominal",
		sort: labels,
		title: field,
		axis: {
			ticks: false,
			domain: false,
			labelColor: ink.text,
			labelFontSize: Math.min(11, step - 1),
			...more,
		},
	};
}

/** The head that gives the most of the last token's attention to one position; of equal ones how many they are. */
function strongest(
	pattern: Tensor,
	text: number,
	heads: number[],
	tokens: string[],
): string {
	const last = tokens.length - 1;
	const shares = heads.map((head) => {
		const row = at(pattern, text, head, last).subarray(0, last + 1);
		const value = row.reduce((a, b) => Math.max(a, b), 0);
		return { head, value, key: row.indexOf(value) };
	});
	const top = shares.reduce((a, b) => Math.max(a, b.value), 0);
	const best = shares.filter(({ value }) => value === top);
	const from = "from the last token,";
	if (!(top > 0)) return `${from} no attention is known`;
	if (best.length > 1)
		return `${from} ${best.length} heads give ${percent(top)} to one position each`;
	const [{ head, key }] = best;
	const [label] = tokenLabels(tokens.slice(key, key + 1), 1);
	return `${from} head ${head} gives ${percent(top)} to ${key}${label.slice(1)}`;
}
