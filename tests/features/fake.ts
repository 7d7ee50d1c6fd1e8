import type { Sentences } from "../../src/dataset";
import {
	hookNames,
	type Model,
	type RunOptions,
	type TokenBatch,
	type Tokens,
} from "../../src/model";

/** Words of the fake model's vocabulary; token 0 begins a text. */
const words = [
	"<s>",
	"the",
	"cat",
	"cats",
	"sat",
	"sit",
	"today",
	"soup",
	"was",
	"warm",
	"cold",
	"yum",
	"meh",
];
const d_mlp = 6;

/**
 * A model of one layer whose numbers can be worked out by hand. Neuron 0 is 1 on "cats", neuron 1 on "cats" too (half as
 * much), neuron 2 on "warm", neuron 3 on "cold"; 4 is 1 everywhere but on the first token, where it is 1000; 5 is 0. The
 * loss of every token is 2, of "yum" and "meh" 1, each plus 3 where neuron 2 (for "yum") or neuron 3 (for "meh") is zeroed.
 */
export function fakeModel(): Model {
	const toTokens = (text: string): Tokens => {
		const found = [...text.matchAll(/\S+/g)];
		return {
			ids: Int32Array.from([0, ...found.map(([w]) => words.indexOf(w))]),
			start: Uint32Array.from([0, ...found.map((m) => m.index)]),
			end: Uint32Array.from([0, ...found.map((m) => m.index + m[0].length)]),
			special: Uint8Array.from([1, ...found.map(() => 0)]),
			cut: 0,
		};
	};
	const batch = (texts: (Tokens | Int32Array)[]): TokenBatch => {
		const rows = texts.map((t) => (t instanceof Int32Array ? t : t.ids));
		const seq = Math.max(...rows.map((r) => r.length));
		const ids = new Int32Array(rows.length * seq);
		rows.forEach((row, i) => {
			ids.set(row, i * seq);
		});
		return {
			ids,
			lengths: Int32Array.from(rows, (r) => r.length),
			batch: rows.length,
			seq,
		};
	};
	const neuron = (word: string) => [
		word === "cats" ? 1 : 0,
		word === "cats" ? 0.5 : 0,
		word === "warm" ? 1 : 0,
		word === "cold" ? 1 : 0,
		word === "<s>" ? 1000 : 1,
		0,
	];
	return {
		kind: "model",
		info: { name: "fake", n_layers: 1, d_mlp, n_ctx: 100, bos_token_id: 0 },
		hook_names: hookNames({ n_layers: 1 }),
		toTokens,
		batch,
		run: async (tokens: TokenBatch, { hooks = [] }: RunOptions) => {
			const data = Float32Array.from(
				[...tokens.ids].flatMap((id) => neuron(words[id])),
			);
			const dims = [tokens.batch, tokens.seq, d_mlp];
			return { tokens, cache: { [hooks[0]]: { data, dims } } };
		},
		loss: async (tokens: TokenBatch, { interventions = [] }: RunOptions) => {
			const zeroed = interventions.flatMap((i) =>
				i.type === "scale" && i.factor === 0 ? (i.units ?? []) : [],
			);
			const { batch: n, seq } = tokens;
			const data = new Float32Array(n * (seq - 1));
			for (let b = 0; b < n; b++)
				for (let t = 1; t < tokens.lengths[b]; t++) {
					const word = words[tokens.ids[b * seq + t]];
					const answer = word === "yum" ? 2 : word === "meh" ? 3 : undefined;
					data[b * (seq - 1) + t - 1] =
						answer === undefined ? 2 : zeroed.includes(answer) ? 4 : 1;
				}
			return { data, dims: [n, seq - 1] };
		},
	} as unknown as Model;
}

/** 40 sentences with two factors; "yum" follows warm soup and "meh" cold soup. */
export function fakeSentences(): Sentences {
	const rows = Array.from({ length: 40 }, (_, i) => ({
		plural: i % 4 < 2,
		warm: i % 8 < 4,
		train: i % 2 === 0,
	}));
	const text = rows.map(
		({ plural, warm }) =>
			`the ${plural ? "cats sit" : "cat sat"} today the soup was ${warm ? "warm yum" : "cold meh"}`,
	);
	return {
		kind: "sentences",
		name: "fake",
		text,
		labels: {
			number: rows.map(({ plural }) => (plural ? "plural" : "singular")),
			sentiment: rows.map(({ warm }) => (warm ? "positive" : "negative")),
			id: rows.map((_, i) => String(i)),
			same: rows.map(() => "x"),
		},
		offsets: { prefix_end: Uint32Array.from(text, (t) => t.lastIndexOf(" ")) },
		split: rows.map(({ train }) => (train ? "train" : "test")),
	};
}
