import { join } from "node:path";
import { openSafetensors, readTensor } from "../src/formats/safetensors";
import type { smallConfig } from "./tiny";

type Matrix = number[][];

/** What the reference needs to know of a model. */
export type ReferenceConfig = Pick<
	typeof smallConfig,
	| "n_embd"
	| "n_head"
	| "n_layer"
	| "layer_norm_epsilon"
	| "activation_function"
	| "tie_word_embeddings"
> & { scale_attn_by_inverse_layer_idx?: boolean; scale_attn_weights?: boolean };

/** The tensors of the model in a folder, by names without prefix; undefined where there is none. */
export function tensorsOf(folder: string) {
	const file = openSafetensors(join(folder, "model.safetensors"));
	return (tensor: string): Float32Array | undefined =>
		[tensor, `transformer.${tensor}`]
			.filter((name) => file.tensors.has(name))
			.map((name) => readTensor(file, name))
			.at(0);
}

/**
 * GPT-2 of one text in plain float64 loops, written from its definition, with every hook's values and the logits.
 * Slow and simple: the reference that the graph is tested against. `change` may put other rows in a hook's place.
 */
export function forward(
	config: ReferenceConfig,
	ids: ArrayLike<number>,
	tensor: (name: string) => Float32Array | undefined,
	change: (hook: string, x: Matrix) => Matrix = (_, x) => x,
): Record<string, number[]> {
	const d = config.n_embd;
	const hooks: Record<string, number[]> = {};
	const hook = (name: string, x: Matrix): Matrix => {
		const changed = change(name, x);
		hooks[name] = changed.flat();
		return changed;
	};
	const numbers = (name: string): number[] => {
		const data = tensor(name);
		if (!data) throw new Error(`no tensor ${name}`);
		return Array.from(data);
	};
	const rows = (name: string, width: number): Matrix => {
		const data = numbers(name);
		return Array.from({ length: data.length / width }, (_, i) =>
			data.slice(i * width, (i + 1) * width),
		);
	};
	const dense = (x: Matrix, name: string): Matrix => {
		const bias = numbers(`${name}.bias`);
		const weight = rows(`${name}.weight`, bias.length);
		return x.map((row) =>
			bias.map((b, j) =>
				row.reduce((sum, value, i) => sum + value * weight[i][j], b),
			),
		);
	};
	const norm = (x: Matrix, name: string, place: string): Matrix => {
		const [weight, bias] = [numbers(`${name}.weight`), numbers(`${name}.bias`)];
		const scale = x.map((row) => {
			const mean = row.reduce((a, b) => a + b, 0) / d;
			const variance = row.reduce((a, b) => a + (b - mean) ** 2, 0) / d;
			return { mean, size: Math.sqrt(variance + config.layer_norm_epsilon) };
		});
		hook(
			`${place}.hook_scale`,
			scale.map(({ size }) => [size]),
		);
		const normalized = hook(
			`${place}.hook_normalized`,
			x.map((row, at) => row.map((v) => (v - scale[at].mean) / scale[at].size)),
		);
		return hook(
			`${place}.hook_out`,
			normalized.map((row) => row.map((v, i) => v * weight[i] + bias[i])),
		);
	};
	const sum = (a: Matrix, b: Matrix): Matrix =>
		a.map((row, i) => row.map((value, j) => value + b[i][j]));

	const wte = rows("wte.weight", d);
	const wpe = rows("wpe.weight", d);
	let x = sum(
		hook(
			"hook_embed",
			Array.from(ids, (id) => wte[id]),
		),
		hook("hook_pos_embed", wpe.slice(0, ids.length)),
	);
	for (let layer = 0; layer < config.n_layer; layer++) {
		const b = `blocks.${layer}`;
		const h = `h.${layer}`;
		x = hook(`${b}.hook_resid_pre`, x);
		const qkv = dense(norm(x, `${h}.ln_1`, `${b}.ln1`), `${h}.attn.c_attn`);
		const part = (name: string, i: number) =>
			hook(
				`${b}.attn.hook_${name}`,
				qkv.map((row) => row.slice(i * d, (i + 1) * d)),
			);
		const heads = { q: part("q", 0), k: part("k", 1), v: part("v", 2) };
		const z = attend(config, layer, heads, hook);
		const attn = dense(z, `${h}.attn.c_proj`);
		const width = d / config.n_head;
		const wo = rows(`${h}.attn.c_proj.weight`, d);
		hook(
			`${b}.attn.hook_result`,
			z.map((row) =>
				Array.from({ length: config.n_head * d }, (_, at) => {
					const first = Math.floor(at / d) * width;
					return row
						.slice(first, first + width)
						.reduce((s, value, i) => s + value * wo[first + i][at % d], 0);
				}),
			),
		);
		x = hook(`${b}.hook_resid_mid`, sum(x, hook(`${b}.hook_attn_out`, attn)));
		const pre = hook(
			`${b}.mlp.hook_pre`,
			dense(norm(x, `${h}.ln_2`, `${b}.ln2`), `${h}.mlp.c_fc`),
		);
		const post = hook(
			`${b}.mlp.hook_post`,
			pre.map((row) => row.map(activations[config.activation_function])),
		);
		const mlp = hook(`${b}.hook_mlp_out`, dense(post, `${h}.mlp.c_proj`));
		x = hook(`${b}.hook_resid_post`, sum(x, mlp));
	}
	const last = norm(x, "ln_f", "ln_final");
	const head = config.tie_word_embeddings ? wte : rows("lm_head.weight", d);
	const bias = tensor("lm_head.bias");
	hooks.logits = last.flatMap((row) =>
		head.map((token, id) =>
			token.reduce((s, value, i) => s + value * row[i], bias?.[id] ?? 0),
		),
	);
	return hooks;
}

function attend(
	config: ReferenceConfig,
	layer: number,
	{ q, k, v }: Record<"q" | "k" | "v", Matrix>,
	hook: (name: string, x: Matrix) => Matrix,
): Matrix {
	const width = config.n_embd / config.n_head;
	const size =
		(config.scale_attn_weights === false ? 1 : 1 / Math.sqrt(width)) /
		(config.scale_attn_by_inverse_layer_idx ? layer + 1 : 1);
	const b = `blocks.${layer}.attn`;
	const scores: Matrix = [];
	for (let head = 0; head < config.n_head; head++)
		for (const [query, row] of q.entries()) {
			scores.push(
				k.map((other, key) => {
					if (key > query) return Number.NEGATIVE_INFINITY;
					let dot = 0;
					for (let i = head * width; i < (head + 1) * width; i++)
						dot += row[i] * other[i];
					return dot * size;
				}),
			);
		}
	const pattern = hook(
		`${b}.hook_pattern`,
		hook(`${b}.hook_attn_scores`, scores).map((row) => {
			const exps = row.map((score) => Math.exp(score - Math.max(...row)));
			const total = exps.reduce((a, c) => a + c, 0);
			return exps.map((e) => e / total);
		}),
	);
	return hook(
		`${b}.hook_z`,
		q.map((row, query) =>
			row.map((_, i) => {
				const head = Math.floor(i / width);
				return pattern[head * q.length + query].reduce(
					(s, share, key) => s + share * v[key][i],
					0,
				);
			}),
		),
	);
}

const activations: Record<string, (x: number) => number> = {
	relu: (x) => Math.max(0, x),
	gelu: (x) => 0.5 * x * (1 + erf(x / Math.SQRT2)),
	gelu_new: (x) =>
		0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3))),
};

/** By its Taylor series; enough terms for |x| < 4. */
function erf(x: number): number {
	if (Math.abs(x) > 4) return Math.sign(x);
	let term = x;
	let sum = x;
	for (let n = 1; n < 100; n++) {
		term *= (-x * x) / n;
		sum += term / (2 * n + 1);
	}
	return (2 / Math.sqrt(Math.PI)) * sum;
}
