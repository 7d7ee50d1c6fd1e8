import type { FactorLatents, NeuronReport } from "../../src/features";
import type {
	Generation,
	GradientResult,
	LogitLens,
	RunResult,
} from "../../src/model";
import { random } from "../../src/random";
import type { Latents, SaeEvaluation, TrainingHistory } from "../../src/sae";

import { topics } from "./samples-probe";

export * from "./samples-cluster";
export * from "./samples-probe";

/** Made-up results of the size that real ones have, the same every time. */

export const history: TrainingHistory = {
	kind: "training",
	architecture: "topk",
	records: Array.from({ length: 600 }, (_, i) => {
		const t = (i + 1) / 600;
		const wave = 0.02 * Math.sin(i / 7);
		const loss = 0.05 + Math.exp(-6 * t) * 0.9 + wave * 0.2;
		return {
			step: i,
			tokens: 4096 * (i + 1),
			loss,
			mse: loss,
			l0: 16,
			l1: 40,
			explained_variance: 0.94 - 0.9 * Math.exp(-9 * t) + wave * 0.1,
			dead: Math.round(300 * Math.exp(-4 * t)),
			seconds: i / 20,
		};
	}),
};

export const layerRows = [0.35, 0.62, 0.81, 0.9, 0.93, 0.91].flatMap(
	(value, layer) => [
		{
			layer,
			series: "sentiment",
			value,
			interval: [value - 0.02, value + 0.02] as [number, number],
		},
		{
			layer,
			series: "topic",
			value: 0.9 + 0.015 * layer,
			interval: [0.89 + 0.015 * layer, 0.91 + 0.015 * layer] as [
				number,
				number,
			],
		},
		{ layer, series: "pronoun", value: 0.5 + 0.07 * layer },
	],
);

/** Two labels at three hooks of each of twelve layers, as `probeLayers` gives them. */
export const hookRows = ["resid_post", "attn_out", "mlp_out"].flatMap(
	(hook, i) =>
		["sentiment", "topic"].flatMap((series, j) =>
			Array.from({ length: 12 }, (_, layer) => {
				const value =
					0.55 + 0.1 * j + (0.3 - 0.09 * i) * (1 - Math.exp(-layer / (2 + i)));
				const interval: [number, number] = [value - 0.015, value + 0.015];
				const hook_name = `blocks.${layer}.hook_${hook}`;
				return { layer, series, value, interval, hook_name };
			}),
		),
);

export const evaluation = {
	kind: "sae-evaluation",
	l0: 16,
	l1: 42.1,
	mse: 0.031,
	explained_variance: 0.934,
	fvu: 0.066,
	cossim: 0.978,
	l2_ratio: 0.96,
	ce_loss_score: 0.981,
	ce_loss_without_sae: 1.302,
	ce_loss_with_sae: 1.389,
	ce_loss_with_ablation: 5.912,
	dead_fraction: 0.012,
	n_tokens: 43210,
	feature_density: Float32Array.from({ length: 1024 }, (_, i) =>
		i < 12 ? 0 : 0.5 * (i / 1024) ** 6 + 2e-5,
	),
	density_histogram: [-4.8, -4.6, -4, -3, -2, -1, -0.4].map((from, i) => ({
		from,
		to: from + 0.2,
		latents: 20 * (i + 1),
	})),
} as SaeEvaluation;

const trueClasses = [
	...topics.map((c) => ["topic", c]),
	["sentiment", "negative"],
	["sentiment", "positive"],
	["tense", "past"],
	["tense", "present"],
	["number", "plural"],
	["number", "singular"],
	["quoted", "no"],
	["quoted", "yes"],
];

/** Six architectures at four sparsities with three seeds. */
export const paretoPoints = (() => {
	const r = random(8);
	const names = [
		"standard",
		"topk",
		"batchtopk",
		"jumprelu",
		"gated",
		"matryoshka",
	];
	return names.flatMap((architecture, i) =>
		[4, 8, 16, 32].flatMap((sparsity) =>
			[0, 1, 2].map(() => {
				const l0 = sparsity * (0.9 + 0.2 * r.uniform());
				const quality = 1 - (0.5 + i / 9) / l0 ** 0.9 + 0.01 * r.normal();
				return {
					architecture,
					sparsity,
					l0,
					explained_variance: quality,
					ce_loss_score: 1 - (1 - quality) / 4,
				};
			}),
		),
	);
})();

/** How the sentences of these were split. */
const made: FactorLatents["split"] = {
	...{ given: false, made: true, seed: 0, by: "text" },
	sentences: { train: 10080, validation: 1260, test: 1260 },
	units: { train: 10080, validation: 1260, test: 1260 },
	test_in_training: 0,
};

/** What twenty-three classes might be told by. */
export const matched: FactorLatents = (() => {
	const r = random(6);
	const classes = trueClasses.map(([label, name], i) => {
		const p = label === "topic" ? 1 / 6 : 1 / 2;
		const f1 = 0.99 - 0.4 * r.uniform() ** 2 * (1 - p);
		const latents = Array.from({ length: 1 + (i % 3) }, (_, j) => 9 * i + j);
		return {
			label,
			class: name,
			latent: latents[0],
			f1,
			f1_interval: [f1 - 0.02, Math.min(1, f1 + 0.02)] as [number, number],
			precision: f1,
			recall: f1,
			f1_chosen: f1 + 0.005,
			f1_always: (2 * p) / (1 + p),
			n: 600,
			split: { latents, f1: Math.min(1, f1 + 0.03 * (i % 3)) },
			...(i % 2 && {
				absorption: { missed: 0.1, absorbed: 0.06, by: [] },
			}),
		};
	});
	const labels = [...new Set(classes.map(({ label }) => label))];
	return {
		kind: "factor-latents",
		model_name: "tiny-gpt2",
		hook_name: "blocks.5.hook_resid_post",
		d_sae: 1024,
		n_chosen_on: 10080,
		n_held_out: 1260,
		split: made,
		notes: [],
		factors: labels.map((label) => ({
			label,
			f1: 0.9,
			f1_always: 0.6,
			latents: 1.5,
			f1_split: 0.93,
			absorbed: 0.06,
			n_classes: classes.filter((c) => c.label === label).length,
			n_absorbed: 1,
		})),
		classes,
		seconds: 2,
	};
})();

export function latents(): Latents {
	const r = random(9);
	const d_sae = 1024;
	const rows = 4000;
	const indices = new Uint32Array(rows * 16).map(() =>
		Math.floor(1000 * r.uniform() ** 3),
	);
	return {
		kind: "latents",
		d_sae,
		indptr: Float64Array.from({ length: rows + 1 }, (_, i) => 16 * i),
		indices,
		values: new Float32Array(rows * 16).fill(1),
	} as Latents;
}

export const report: NeuronReport = (() => {
	const r = random(3);
	const classes = trueClasses;
	const neurons = Array.from({ length: 40 }, (_, i) => 12 * i + 5);
	const auc = neurons.map((_, i) =>
		classes.map((_, j) =>
			Math.floor(i / 2) % classes.length === j
				? 0.95 - r.uniform() / 8
				: 0.3 + 0.4 * r.uniform(),
		),
	);
	const effect = (name: string, change: number) => ({
		name,
		neurons: [1],
		before: -12,
		change,
		interval: [change - 0.12, change + 0.12] as [number, number],
	});
	return {
		kind: "neurons",
		model_name: "tiny-gpt2",
		layer: 3,
		hook_name: "blocks.3.mlp.hook_post",
		d_mlp: 512,
		n_chosen_on: 1000,
		n_held_out: 1000,
		split: made,
		notes: [],
		factors: classes.map(([label, name], j) => ({
			label,
			class: name,
			neurons: [0, 1].map((k) => ({
				neuron: neurons[2 * j + k],
				auc: auc[2 * j + k][j],
				mean_inside: 0.5,
				mean_outside: 0.1,
			})),
		})),
		clusters: [
			{
				label: "cluster",
				class: "0",
				neurons: [
					{ neuron: 17, auc: 0.91, mean_inside: 0.4, mean_outside: 0.02 },
				],
			},
		],
		groups: [
			{
				neurons: [5, 17, 29],
				correlation: 0.71,
				label: "topic",
				class: "cooking",
				auc: 0.97,
			},
		],
		table: { neurons, auc },
		effects: [
			effect("neuron 17 (topic)", -0.31),
			effect("neuron 89 (sentiment, quoted)", -0.74),
			effect("neuron 101 (tense)", 0.05),
			effect("group 1: 3 neurons (topic)", -1.42),
			effect("3 others at random", -0.04),
		],
		score: "log-probability",
		n_prompts: 64,
		seconds: 8,
	};
})();

/** Tokens that are hard to draw: quotation marks, control characters, line breaks, one of many characters, one twice. */
export const hostileTokens = [
	"<|endoftext|>",
	'"',
	"\n\n",
	"\u0007\u202e",
	"\ufffd",
	" {datum.x}",
	"'\\",
	`${" very".repeat(50)}`,
	" the",
	" the",
	"\ud83d\ude00",
	"",
];

/** A lens of so many tokens over so many layers. */
export function lens(tokens: string[], n_layers: number): LogitLens {
	const r = random(11);
	const hooks = Array.from({ length: n_layers + 1 }, (_, layer) =>
		layer < n_layers
			? (`blocks.${layer}.hook_resid_pre` as const)
			: (`blocks.${n_layers - 1}.hook_resid_post` as const),
	);
	const next = (at: number) => tokens[(at + 1) % tokens.length];
	const right = (layer: number, at: number) =>
		layer > 0 && (at * 7) % n_layers < layer;
	return {
		kind: "logit-lens",
		tokens,
		hooks,
		top: hooks.map((_, layer) =>
			tokens.map((token, at) => [
				{
					id: at,
					token: right(layer, at) ? next(at) : token,
					probability: (0.1 + 0.9 * r.uniform()) * (layer / n_layers),
				},
				{ id: 1, token: " second", probability: 0.01 },
			]),
		),
		log_probability: hooks.map((_, layer) =>
			Float32Array.from(tokens.slice(1), () => layer - n_layers - 1),
		),
		rank: hooks.map((_, layer) =>
			Int32Array.from(tokens.slice(1), (_, at) => (right(layer, at) ? 0 : 3)),
		),
	};
}

export const tokens = [
	"<|endoftext|>",
	..."Paul scares Lucy at sea because he has called . The boats by the lake are hardly bad .".split(
		/(?= )/,
	),
];

/** Patterns of so many heads that look at position 0, at the token before, or at all alike. */
export function patterns(heads: number, seq: number): RunResult["cache"] {
	const data = new Float32Array(heads * seq * seq);
	for (let row = 0; row < heads * seq; row++) {
		const [head, query] = [Math.floor(row / seq), row % seq];
		const favourite = head % 3 === 0 ? 0 : head % 3 === 1 ? query - 1 : -1;
		const extra = favourite >= 0 && query > 0 ? 0.9 : 0;
		for (let key = 0; key <= query; key++)
			data[row * seq + key] =
				(1 - extra) / (query + 1) + (key === favourite ? extra : 0);
	}
	return {
		"blocks.2.attn.hook_pattern": { data, dims: [1, heads, seq, seq] },
	};
}

/** Three texts of up to five tokens, 6 layers: position 0 has the norm 10 (layer + 1), the others 1 to 4 (layer + 1). */
export const streams: Pick<RunResult, "cache" | "tokens"> = {
	tokens: {
		ids: new Int32Array(15),
		lengths: Int32Array.of(5, 3, 2),
		batch: 3,
		seq: 5,
	},
	cache: Object.fromEntries(
		Array.from({ length: 7 }, (_, layer) => [
			layer < 6 ? `blocks.${layer}.hook_resid_pre` : "blocks.5.hook_resid_post",
			{
				data: Float32Array.from({ length: 30 }, (_, i) => {
					const at = Math.floor(i / 2) % 5;
					return ((layer + 1) * (at || 10)) / Math.SQRT2;
				}),
				dims: [3, 5, 2],
			},
		]),
	),
};

export const headValues = Array.from({ length: 6 }, (_, layer) =>
	Array.from({ length: 4 }, (_, head) =>
		layer === 4 && head > 0 ? 4 - head : 0.3 * Math.sin(4 * layer + head),
	),
);

export function generation(prompt: string, text: string): Generation {
	return {
		kind: "generation",
		prompt,
		text,
		ids: Int32Array.of(7, 8),
		log_probabilities: Float32Array.of(-0.5, -1.25),
		stopped: "eos",
	};
}

export const tensor = {
	data: Float32Array.of(3, 4, 0, 0, 5, 12, 99, 99),
	dims: [2, 2, 2],
};

export const gradients: GradientResult = {
	kind: "gradients",
	tokens: {
		ids: new Int32Array(4),
		lengths: Int32Array.of(2, 1),
		batch: 2,
		seq: 2,
	},
	metric: Float32Array.of(1.5, -2),
	gradients: { hook_embed: tensor },
	cache: { hook_embed: tensor },
};

/** Two directions and three of no length, then a pentagon. */
export const pentagons = [0, 1].flatMap((sparse) =>
	[0, 1, 2, 3, 4].map((i) => {
		const angle = sparse ? (2 * Math.PI * i) / 5 + 0.3 : (Math.PI * i) / 2;
		const length = sparse || i < 2 ? 1 : 0.01;
		return {
			x: length * Math.cos(angle),
			y: length * Math.sin(angle),
			name: String(i + 1),
			panel: sparse ? "seldom on" : "always on {datum.x}",
		};
	}),
);

/** True strengths, and what two autoencoders made of them. */
export const strengths = (() => {
	const r = random(4);
	return ["L1", "TopK"].flatMap((series, j) =>
		Array.from({ length: 250 }, () => {
			const x = 0.5 + r.uniform();
			return { series, x, y: x - (j ? 0 : 0.3) + 0.08 * r.normal() };
		}),
	);
})();

export const promises = [
	{ name: "all of it", points: [0.4, 1.6].map((x) => [x, x]) },
	{ name: "less λ / 2", points: [0.4, 1.6].map((x) => [x, x - 0.3]) },
] as { name: string; points: [number, number][] }[];
