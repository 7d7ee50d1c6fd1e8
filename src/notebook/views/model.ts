import type {
	Ablation,
	Comparison,
	Generation,
	GradientResult,
	LogitLens,
	Model,
	RunResult,
	Tensor,
	TokenBatch,
} from "../../model";
import { count, dash, several } from "../../say";
import { norms } from "../../tensors";
import { asHtml, escapeHtml, type Html, oneLine } from "../html";
import { type Cell, fields, table } from "../table";

/** Columns of layers at most, characters of a text, and parts of an ablation. */
const limit = { layers: 12, characters: 2000, parts: 40 };

/** What a model is made of. */
export function modelView({ info }: Model): Html {
	return fields(`Model ${info.name}`, [
		["layers", info.n_layers],
		["attention heads per layer", info.n_heads],
		["d_model", info.d_model],
		["d_mlp (neurons per layer)", info.d_mlp],
		["context (tokens)", info.n_ctx],
		["vocabulary (tokens)", info.d_vocab],
		["activation function", info.activation_function],
		["revision", info.revision],
		["note", info.notes?.join(" ")],
	]);
}

/** Which parts are taken out, and by what. */
export function ablationView({ method, interventions }: Ablation): Html {
	return table(
		["hook", "units", "where", "what it is"],
		interventions
			.slice(0, limit.parts)
			.map((one): Cell[] => [
				one.hook_name,
				("units" in one && one.units?.length) || "all",
				one.positions ? `positions ${one.positions.join(", ")}` : "everywhere",
				one.says,
			]),
		{
			caption: `Ablation (${method}) of ${several(interventions.length, "place")}${interventions.length > limit.parts ? `; the first ${limit.parts}` : ""}`,
		},
	);
}

/** Each token with what the model would say next after some layers, and how likely it holds what really comes. */
export function logitLensView(lens: LogitLens): Html {
	const { hooks, log_probability, rank, tokens, top } = lens;
	const step = Math.max(1, Math.ceil(hooks.length / limit.layers));
	const last = hooks.length - 1;
	const layers = [...hooks.keys()].filter((i) => (last - i) % step === 0);
	const head = [
		"position",
		"token",
		...layers.map((layer) => afterBlock(hooks[layer])),
	];
	const rows = tokens.map((token, at): Cell[] => [
		at,
		quoted(token),
		...layers.map((layer) => quoted(top[layer][at][0].token)),
		tokens[at + 1] === undefined ? undefined : rank[last][at],
		log_probability[last][at],
	]);
	return table(
		[...head, "rank of the true next token", "its log-probability (nats)"],
		rows,
		{
			caption: `Logit lens of ${several(tokens.length, "token")}${lens.cut ? ` (${lens.cut} after them were cut)` : ""}: the likeliest next token`,
		},
	);
}

/** "blocks.3.hook_resid_pre" is what stands before block 3. */
function afterBlock(hook: string): string {
	const [, layer, place] =
		/^blocks\.(\d+)\.hook_resid_(pre|post)$/.exec(hook) ?? [];
	if (place === "post") return `after block ${layer}`;
	return place ? `before block ${layer}` : hook;
}

const endings: Record<Generation["stopped"], string> = {
	eos: "the model ended the text",
	max_new_tokens: "max_new_tokens was reached",
	context: "the context is full",
	interrupted: "interrupted",
};

/** The prompt with what was added to it, in bold. */
export function generationView(generation: Generation): Html {
	const prompt = cut(generation.prompt);
	const text = cut(generation.text);
	const n = generation.ids.length;
	const total = generation.log_probabilities.reduce((a, b) => a + b, 0);
	const line = `${several(n, "new token")}, log-probability ${n ? total.toFixed(2) : dash} nats; ${[endings[generation.stopped], ...(generation.notes ?? [])].join(". ")}`;
	return asHtml(
		`<div><div style="white-space:pre-wrap">${escapeHtml(prompt)}<b>${escapeHtml(text)}</b></div><div>${escapeHtml(line)}</div></div>`,
		`${prompt}[${text}]\n${line}`,
	);
}

function cut(text: string): string {
	if (text.length <= limit.characters) return text;
	const kept = text.slice(0, limit.characters).replace(/[\ud800-\udbff]$/, "");
	return `${kept}…`;
}

/** The metric of each text, and how large the gradient is at each hook. */
export function gradientsView(result: GradientResult): Html {
	const { gradients, metric, tokens } = result;
	const { batch, lengths, seq } = tokens;
	const shown = Array.from(metric.subarray(0, 5), (m) =>
		Number.isFinite(m) ? m.toFixed(3) : dash,
	).join(", ");
	const more = batch > 5 ? ", …" : "";
	const rows = Object.entries(gradients).map(([hook, tensor]): Cell[] => {
		const { data } = norms({
			data: tensor.data,
			dims: [batch * seq, tensor.data.length / (batch * seq)],
		});
		const real = data.filter((_, i) => i % seq < lengths[Math.floor(i / seq)]);
		return [
			hook,
			tensor.dims.join(" × "),
			...(perToken(hook)
				? [
						mean(real),
						real.length ? real.reduce((a, b) => Math.max(a, b), 0) : null,
					]
				: []),
		];
	});
	return table(
		["hook", "shape", "mean length of a token's gradient", "greatest"],
		rows,
		{
			caption: `Gradients of a metric: ${shown}${more} (${texts(tokens)})`,
		},
	);
}

/** What a run returned: of each hook the shape and the size. */
export function runView({ tokens, logits, cache }: RunResult): Html {
	const row = (name: string, { data, dims }: Tensor): Cell[] => [
		name,
		dims.join(" × "),
		data.byteLength / 1e6,
	];
	const rows = Object.entries(cache).map(([hook, values]) => row(hook, values));
	return table(
		["values", "shape", "MB"],
		logits ? [row("logits", logits), ...rows] : rows,
		{ caption: `Run of ${texts(tokens)}` },
	);
}

/** The mean loss as the model is and under each condition, over all tokens that are predicted. */
export function comparisonView(result: Comparison): Html {
	const { tokens, loss, changed } = result;
	const of = ({ data, dims }: Tensor, cut: number) => {
		const own = data.filter((_, i) => {
			const text = Math.floor(i / dims[1]);
			return i % dims[1] < tokens.lengths[text] - cut; // no padding
		});
		return own.reduce((a, b) => a + b, 0) / own.length;
	};
	return table(
		[
			"",
			"loss (nats per token)",
			"KL from the model as it is (nats per token)",
		],
		[
			["as it is", of(loss, 1), 0],
			...changed.map((one, i): Cell[] => [
				`condition ${i}`,
				of(one.loss, 1),
				of(one.kl, 0),
			]),
		],
		{ caption: `Predictions under changes, ${texts(tokens)}` },
	);
}

function texts({ batch, lengths, cut }: TokenBatch): string {
	const total = (numbers: Int32Array) => numbers.reduce((a, b) => a + b, 0);
	const missing = cut ? `; ${count(total(cut))} at their ends were cut` : "";
	return `${several(batch, "text")}, ${several(total(lengths), "token")}${missing}`;
}

/** Whether the first two axes are text and position. */
function perToken(hook: string): boolean {
	return !/attn\.hook_(attn_scores|pattern)$/.test(hook);
}

function mean(values: Float32Array): number {
	return values.reduce((a, b) => a + b, 0) / values.length;
}

/** A token as JSON writes it, so that spaces and line breaks are seen. */
function quoted(token: string): string {
	return oneLine(JSON.stringify(token.slice(0, 60)), 24);
}
