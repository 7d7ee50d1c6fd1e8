import { OnnxGraph } from "../formats/onnx";
import { differentiate } from "./autodiff";
import type { Gpt2Config } from "./config";
import { weightReader, writeStream } from "./graph";
import { crossEntropy, crossEntropySlope, unembed } from "./head";
import type { Spliced } from "./stages";
import type { HookName, Metric } from "./types";
import { type Gpt2Weights, headName } from "./weights";

/** What a graph of gradients should compute. */
export interface WantedGradients {
	metric: Metric["type"];
	/** Their values are outputs `cacheOf(name)`, their gradients outputs `gradientOf(name)`. */
	hooks: readonly HookName[];
	/** Changes whose numbers are inputs. */
	spliced: Spliced;
}

/** The output that holds the values at a hook. */
export function cacheOf(hook: HookName): string {
	return `value.${hook}`;
}

/** The output that holds the gradient at a hook. */
export function gradientOf(hook: HookName): string {
	return `grad.${hook}`;
}

/**
 * GPT-2's stream, a metric of some of its rows, and the gradient of Σ metric · weight at hooks. The head reads only
 * those rows.
 *
 * Inputs beside the stream's: "rows" int64 [n], row b · seq + t being position t of text b; "token" int64 [n, 1] and,
 * for a logit difference, "versus"; "weight" float32 [n, 1]. Output beside the hooks' and their gradients': "metric" [n, 1].
 */
export function buildGradients(
	config: Gpt2Config,
	weights: Gpt2Weights,
	{ metric, hooks, spliced }: WantedGradients,
): Uint8Array {
	const g = new OnnxGraph();
	const weight = weightReader(g, weights);
	writeStream(g, config, weight, { hooks, spliced });
	const start = writeMetric(g, config, weights, weight, metric);
	const sources = hooks.map((hook) => sourceOf(g, hook));
	const gradients = differentiate(g, {
		...start,
		with_respect_to: [...new Set(sources)],
	});
	hooks.forEach((hook, i) => {
		const gradient = spread(g, hook, gradients[sources[i]], sources[i]);
		g.op("Identity", [gradient], {}, gradientOf(hook));
		g.op("Identity", [hook], {}, cacheOf(hook));
	});
	return g.build(["metric", ...hooks.map(cacheOf), ...hooks.map(gradientOf)]);
}

/** Returns a value of known gradient on the way to the metric, and that gradient. */
function writeMetric(
	g: OnnxGraph,
	config: Gpt2Config,
	weights: Gpt2Weights,
	weight: (name: string) => string,
	metric: Metric["type"],
): { of: string; seed: string } {
	const flat = g.op("Reshape", [
		"ln_final.hook_out",
		g.int([-1, config.d_model]),
	]);
	const rows = g.op("Gather", [flat, g.input("rows", "int64", ["n"])]);
	const token = g.input("token", "int64", ["n", 1]);
	const seed = g.input("weight", "float32", ["n", 1]);
	if (metric === "logit" || metric === "logit_difference") {
		const logit = (of: string) =>
			logitOf(g, weights, rows, of, weight, headName(config));
		const own = logit(token);
		if (metric === "logit") g.op("Identity", [own], {}, "metric");
		else
			g.op(
				"Sub",
				[own, logit(g.input("versus", "int64", ["n", 1]))],
				{},
				"metric",
			);
		return { of: "metric", seed };
	}
	const logits = unembed(g, config, weights, weight, rows);
	const { nats, probabilities } = crossEntropy(g, logits, token);
	const slope = (by: string) => crossEntropySlope(g, probabilities, token, by);
	if (metric === "loss") {
		g.op("Identity", [nats], {}, "metric");
		return { of: logits, seed: slope(seed) };
	}
	const log = g.op(
		"Neg",
		[nats],
		{},
		metric === "probability" ? undefined : "metric",
	);
	if (metric === "log_probability")
		return { of: logits, seed: slope(g.op("Neg", [seed])) };
	g.op("Exp", [log], {}, "metric");
	const by = g.op("Neg", [g.op("Mul", [seed, "metric"])]);
	return { of: logits, seed: slope(by) };
}

/** The logit of one token for each row, without those of the others: [n, 1]. */
function logitOf(
	g: OnnxGraph,
	weights: Gpt2Weights,
	rows: string,
	token: string,
	weight: (name: string) => string,
	head: string,
): string {
	const ids = g.op("Squeeze", [token, g.int([1])]);
	const directions = g.op("Gather", [weight(head), ids]); // [n, d_model]
	const along = g.op("Mul", [rows, directions]);
	const logit = g.op("ReduceSum", [along, g.int([1])], { keepdims: 1 });
	if (!weights.has("lm_head.bias")) return logit;
	return g.op("Add", [logit, g.op("Gather", [weight("lm_head.bias"), token])]);
}

/** The value of the stream whose gradient says what a hook's is: nearly always the hook itself. */
function sourceOf(g: OnnxGraph, hook: HookName): string {
	if (hook.endsWith("attn.hook_result")) {
		const z = hook.replace("result", "z");
		const sum = g.nodes.find(
			({ type, inputs }) => type === "MatMul" && inputs.includes(z),
		);
		return sum?.outputs[0] ?? hook;
	}
	if (hook.endsWith("hook_scale") || isBesideNorm(g, hook))
		return hook.replace(/hook_(scale|normalized)$/, "normed");
	return hook;
}

/** Whether a norm's value before gain and shift is computed beside the norm's own, since nothing changes it. */
function isBesideNorm(g: OnnxGraph, hook: HookName): boolean {
	const maker = g.nodes.find(({ outputs }) => outputs[0] === hook);
	return (
		hook.endsWith("hook_normalized") && maker?.type === "LayerNormalization"
	);
}

/** The gradient at a hook from that at its source. */
function spread(
	g: OnnxGraph,
	hook: HookName,
	gradient: string,
	source: string,
): string {
	if (hook.endsWith("attn.hook_result")) {
		const each = g.op("Unsqueeze", [gradient, g.int([2])]);
		return g.op("Expand", [each, g.op("Shape", [hook])]);
	}
	if (!/hook_(scale|normalized)$/.test(hook) || source === hook)
		return gradient;
	const norm = g.nodes.find((node) => node.outputs[0] === source);
	const [, gain = "", shift = ""] = norm?.inputs ?? [];
	if (hook.endsWith("hook_normalized")) return g.op("Mul", [gradient, gain]);
	// normed = (x − mean) / scale · gain + shift: its slope along the scale is −(normed − shift) / scale
	const moved = g.op("Sub", [source, shift]);
	const total = g.op(
		"ReduceSum",
		[g.op("Mul", [gradient, moved]), g.int([-1])],
		{ keepdims: 1 },
	);
	return g.op("Neg", [g.op("Div", [total, hook])]);
}
