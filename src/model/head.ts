import { OnnxGraph } from "../formats/onnx";
import type { Gpt2Config } from "./config";
import { withoutDenormals } from "./denormals";
import { weightReader } from "./graph";
import { type Gpt2Weights, headName } from "./weights";

/** What a graph of the head gives for rows of the last norm's output. */
export type HeadOutput =
	/** "logits" [rows, d_vocab]. */
	| "logits"
	/** "nats" [rows, 1]: −log p of the token given as "target". */
	| "nats"
	/** "nats", "rank" [rows, 1] (how many tokens are likelier than the target), and the "k" likeliest: "ids" and "log_probabilities" [rows, k]. */
	| "lens"
	/**
	 * "nats"; and for each of so many changed rows "x.0", "x.1", … beside "x" their "nats.0", … and "kl.0", …: Σ p (log p − log q) [rows, 1],
	 * p of "x" and q of the changed.
	 */
	| `compared with ${number}`;

/** The unembedding's graph: input "x" float32 [rows, d_model] and, but for logits, "target" int64 [rows, 1]. */
export function buildHead(
	config: Gpt2Config,
	weights: Gpt2Weights,
	output: HeadOutput,
): Uint8Array {
	const g = new OnnxGraph();
	const weight = weightReader(g, weights);
	let x = g.input("x", "float32", ["rows", config.d_model]);
	// The lens reads streams, which go through the last norm here.
	if (output === "lens")
		x = g.op(
			"LayerNormalization",
			[x, weight("ln_f.weight"), weight("ln_f.bias")],
			{ axis: -1, epsilon: { float: config.layer_norm_epsilon } },
		);
	const logits = unembed(g, config, weights, weight, x, "logits");
	if (output === "logits") return g.build(["logits"]);
	const target = g.input("target", "int64", ["rows", 1]);
	const clean = crossEntropy(g, logits, target, "nats");
	const { own, total } = clean;
	if (output === "nats") return g.build(["nats"]);
	if (output !== "lens") {
		const count = Number(output.slice("compared with ".length));
		const outputs = Array.from({ length: count }, (_, i) => {
			const changed = g.input(`x.${i}`, "float32", ["rows", config.d_model]);
			const theirs = unembed(g, config, weights, weight, changed);
			const other = crossEntropy(g, theirs, target, `nats.${i}`);
			// Logits less their largest first: differences of small numbers are exact where the two agree.
			const apart = g.op("Sub", [
				g.op("Sub", [logits, clean.largest]),
				g.op("Sub", [theirs, other.largest]),
			]);
			const ratio = g.op("Add", [apart, g.op("Sub", [clean.best, other.best])]); // log p − log q
			const terms = g.op("Mul", [clean.probabilities, ratio]);
			g.op("ReduceSum", [terms, g.int([1])], { keepdims: 1 }, `kl.${i}`);
			return [`nats.${i}`, `kl.${i}`];
		});
		return g.build(["nats", ...outputs.flat()]);
	}
	const above = g.op("Cast", [g.op("Greater", [logits, own])], { to: 6 });
	g.op("ReduceSum", [above, g.int([1])], { keepdims: 1 }, "rank");
	const k = g.input("k", "int64", [1]);
	const [best] = g.ops("TopK", [logits, k], {}, ["best", "which"]);
	g.op("Cast", ["which"], { to: 6 }, "ids");
	g.op("Sub", [best, total], {}, "log_probabilities");
	return g.build(["nats", "rank", "ids", "log_probabilities"]);
}

/** Logits of rows [rows, d_model]: [rows, d_vocab]. */
export function unembed(
	g: OnnxGraph,
	config: Gpt2Config,
	weights: Gpt2Weights,
	weight: (name: string) => string,
	x: string,
	output?: string,
): string {
	const bias = weights.has("lm_head.bias") ? [weight("lm_head.bias")] : [];
	const inputs = [x, weight(headName(config)), ...bias];
	return g.op("Gemm", inputs, { transB: 1 }, output);
}

/**
 * nats = −log p(target) = total − own = log Σ exp(logits) − logit of the target, each [rows, 1]; every token's
 * probability, [rows, d_vocab]; the largest logit and its log p, [rows, 1].
 */
export function crossEntropy(
	g: OnnxGraph,
	logits: string,
	target: string,
	output?: string,
): Record<
	"nats" | "own" | "total" | "probabilities" | "largest" | "best",
	string
> {
	const maximum = (of: string) =>
		g.op("ReduceMax", [of, g.int([1])], { keepdims: 1 });
	const own = g.op("GatherElements", [logits, target], { axis: 1 });
	// The likeliest token's logit less its log p, which is never small: several times faster than ReduceLogSumExp.
	const probabilities = g.op("Softmax", [logits], { axis: -1 });
	const largest = maximum(logits);
	const best = g.op("Log", [maximum(probabilities)]);
	const total = g.op("Sub", [largest, best]);
	const nats = g.op("Sub", [total, own], {}, output);
	return { nats, own, total, probabilities, largest, best };
}

/** The gradient of Σ weight · nats with respect to the logits: weight · (p − 1 at the target). */
export function crossEntropySlope(
	g: OnnxGraph,
	probabilities: string,
	target: string,
	weight: string,
): string {
	const shares = withoutDenormals(g, g.op("Mul", [probabilities, weight]));
	return g.op("ScatterElements", [shares, target, g.op("Neg", [weight])], {
		axis: 1,
		reduction: "add",
	});
}
