import type { smallConfig } from "./tiny";

type Matrix = number[][];

/**
 * GPT-2 of one text in plain float64 loops, written from its definition, with every hook's values and the logits.
 * Slow and simple: the reference that the graph is tested against.
 */
export function forward(
	config: typeof smallConfig,
	ids: ArrayLike<number>,
	tensor: (name: string) => Float32Array,
): Record<string, number[]> {
	const d = config.n_embd;
	const hooks: Record<string, number[]> = {};
	const hook = (name: string, x: Matrix): Matrix => {
		hooks[name] = x.flat();
		return x;
	};
	const rows = (name: string, width: number): Matrix => {
		const data = Array.from(tensor(name));
		return Array.from({ length: data.length / width }, (_, i) =>
			data.slice(i * width, (i + 1) * width),
		);
	};
	const dense = (x: Matrix, name: string): Matrix => {
		const bias = tensor(`${name}.bias`);
		const weight = rows(`${name}.weight`, bias.length);
		return x.map((row) =>
			Array.from(bias, (b, j) =>
				row.reduce((sum, value, i) => sum + value * weight[i][j], b),
			),
		);
	};
	const norm = (x: Matrix, name: string): Matrix => {
		const [weight, bias] = [tensor(`${name}.weight`), tensor(`${name}.bias`)];
		return x.map((row) => {
			const mean = row.reduce((a, b) => a + b, 0) / d;
			const variance = row.reduce((a, b) => a + (b - mean) ** 2, 0) / d;
			const size = Math.sqrt(variance + config.layer_norm_epsilon);
			return row.map((v, i) => ((v - mean) / size) * weight[i] + bias[i]);
		});
	};
	const sum = (a: Matrix, b: Matrix): Matrix =>
		a.map((row, i) => row.map((value, j) => value + b[i][j]));

	const wte = rows("wte.weight", d);
	const wpe = rows("wpe.weight", d);
	const embedded = hook(
		"hook_embed",
		Array.from(ids, (id) => wte[id]),
	);
	let x = sum(embedded, wpe.slice(0, ids.length));
	for (let layer = 0; layer < config.n_layer; layer++) {
		const b = `blocks.${layer}`;
		const h = `h.${layer}`;
		hook(`${b}.hook_resid_pre`, x);
		const qkv = dense(norm(x, `${h}.ln_1`), `${h}.attn.c_attn`);
		const { mixed, pattern } = attend(qkv, config.n_head, d);
		hook(`${b}.attn.hook_pattern`, pattern);
		const attn = dense(mixed, `${h}.attn.c_proj`);
		x = hook(`${b}.hook_resid_mid`, sum(x, hook(`${b}.hook_attn_out`, attn)));
		const pre = dense(norm(x, `${h}.ln_2`), `${h}.mlp.c_fc`);
		const post = pre.map((row) =>
			row.map((value) => activations[config.activation_function](value)),
		);
		hook(`${b}.mlp.hook_post`, post);
		const mlp = hook(`${b}.hook_mlp_out`, dense(post, `${h}.mlp.c_proj`));
		x = hook(`${b}.hook_resid_post`, sum(x, mlp));
	}
	const last = hook("ln_final.hook_normalized", norm(x, "ln_f"));
	const head = config.tie_word_embeddings ? wte : rows("lm_head.weight", d);
	hooks.logits = last.flatMap((row) =>
		head.map((token) => token.reduce((s, value, i) => s + value * row[i], 0)),
	);
	return hooks;
}

function attend(qkv: Matrix, heads: number, d: number) {
	const width = d / heads;
	const mixed: Matrix = qkv.map(() => new Array(d).fill(0));
	const pattern: Matrix = [];
	for (let head = 0; head < heads; head++)
		for (const [query, row] of qkv.entries()) {
			const at = head * width;
			const scores = qkv.slice(0, query + 1).map((other) => {
				let dot = 0;
				for (let i = 0; i < width; i++) dot += row[at + i] * other[d + at + i];
				return Math.exp(dot / Math.sqrt(width));
			});
			const total = scores.reduce((a, b) => a + b, 0);
			const shares = qkv.map((_, key) => (scores[key] ?? 0) / total);
			pattern.push(shares);
			for (let i = 0; i < width; i++)
				mixed[query][at + i] = shares.reduce(
					(s, share, key) => s + share * qkv[key][2 * d + at + i],
					0,
				);
		}
	return { mixed, pattern };
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
