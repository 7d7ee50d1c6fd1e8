import type { OnnxNode } from "../../formats/onnx-file";
import { shown } from "../../formats/onnx-tensor";
import type { HookName } from "../types";
import { type Branch, findStream, isPattern, type Join } from "./stream";
import { commonInput, type Way, type Wiring, wayBetween } from "./wiring";

/** A decoder as it was recognised in a graph. */
export interface Structure {
	/** By hook, in the order in which they are computed: the value that it is. */
	hooks: Map<HookName, string>;
	layers: Layer[];
	/** The table of token embeddings, a constant. */
	table: string;
	/** From the last value of the residual stream to the logits. */
	head: Way;
	/**
	 * Where norms are before gain and shift. Of a norm that is one operator this is no value of the file, and of one in
	 * parts it may be another norm's as well: so it gets a name of its own.
	 */
	norms: Map<string, Norm>;
}

/** A norm that has a gain. */
export interface Norm {
	/** What it gives. */
	out: string;
	/** The operator that is the whole norm, or that multiplies by the gain. */
	node: OnnxNode;
	/** Of a norm in parts: its value before the gain. */
	before?: string;
}

/** One block. Its branches are missing where it has none, or where they could not be told apart. */
export interface Layer {
	/** The stream before it … */
	from: string;
	/** … between attention and MLP, where these follow each other … */
	mid?: string;
	/** … and after it. */
	to: string;
	attn?: Branch;
	mlp?: Branch;
}

/** Recognises a decoder by how its values depend on each other; names play no part but those of its inputs and outputs. */
export function findStructure(w: Wiring, file: string): Structure {
	const no = (what: string) => new Error(`The file ${file} ${what}.`);
	const list = (values: { name: string }[]) =>
		values.map(({ name }) => shown(name)).join(", ") || "none";
	const { inputs, outputs } = w.graph;
	if (!inputs.some(({ name }) => name === "input_ids"))
		throw no(
			`is not a language model: it has no input "input_ids" (its inputs are ${list(inputs.slice(0, 8))})`,
		);
	if (!outputs.some(({ name }) => name === "logits"))
		throw no(
			`gives no "logits" (its outputs are ${list(outputs.slice(0, 8))}); export the model for the task "text-generation"`,
		);
	const foreign = inputs.find(({ name }) => /encoder|inputs_embeds/.test(name));
	if (foreign)
		throw no(
			`needs ${shown(foreign.name)}, so it is a part of a larger model; only whole decoders can be loaded`,
		);
	const stream = findStream(w);
	const layers = stream && layersOf(stream);
	const head =
		stream && wayBetween(w, w.root(stream[stream.length - 1].to), "logits");
	if (!stream || !layers || !head?.first.length)
		throw no(
			"has no residual stream that could be found: a chain of sums, each adding an attention's or an MLP's output, that leads from the token embedding to the logits",
		);
	const lookup = w.graph.nodes.find(
		({ type, inputs }) =>
			type.startsWith("Gather") &&
			w.isConstant(inputs[0]) &&
			w.root(inputs[1]) === "input_ids",
	);
	if (!lookup) throw no("has no table in which the token ids are looked up");
	const norms = new Map<string, Norm>();
	const hooks = hooksOf(w, layers, lookup, head, norms);
	return { hooks, layers, table: lookup.inputs[0], head, norms };
}

/** Blocks of attention and MLP, one after the other or side by side. Undefined where the sums are in another order. */
function layersOf(stream: Join[]): Layer[] | undefined {
	const layers: Layer[] = [];
	let open: Layer | undefined; // has attention, and may get an MLP
	for (const { from, branches, to } of stream) {
		const attn = branches.filter(({ attends }) => attends);
		const mlp = branches.filter(({ attends }) => !attends);
		if (attn.length > 1) return undefined;
		const parts = {
			...(attn.length && { attn: attn[0] }),
			...(mlp.length === 1 && { mlp: mlp[0] }),
		};
		if (attn.length === 0 && open) {
			Object.assign(open, parts, { mid: open.to, to });
			open = undefined;
			continue;
		}
		const layer = { from, to, ...parts };
		open = mlp.length === 0 ? layer : undefined;
		layers.push(layer);
	}
	return layers.some(({ attn }) => attn) ? layers : undefined;
}

function hooksOf(
	w: Wiring,
	layers: readonly Layer[],
	lookup: OnnxNode,
	head: Way,
	norms: Structure["norms"],
): Map<HookName, string> {
	const hooks = new Map<HookName, string>();
	const add = (name: HookName, value: string | undefined) => {
		if (value !== undefined) hooks.set(name, value);
	};
	const addNorm = (
		place: `blocks.${number}.${"ln1" | "ln2"}` | "ln_final",
		out: string | undefined,
	) => {
		if (out === undefined) return;
		const norm = normOf(w, out);
		if (norm) {
			norms.set(`${out}:normalized`, norm);
			add(`${place}.hook_normalized`, `${out}:normalized`);
		} else if (isScaled(w, out)) add(`${place}.hook_normalized`, out); // its gain is in the weights behind it
		add(`${place}.hook_out`, out);
	};
	add("hook_embed", embedding(w, lookup, layers[0].from));
	for (const [i, { from, mid, to, attn, mlp }] of layers.entries()) {
		const block = `blocks.${i}` as const;
		const normed = attn && normInput(w, attn.way, from);
		const normed2 = mlp && normInput(w, mlp.way, mid ?? from);
		add(`${block}.hook_resid_pre`, from);
		addNorm(`${block}.ln1`, attn ? normed : normed2);
		const patterns = attn?.way.nodes.filter((node) => isPattern(w, node)) ?? [];
		if (patterns.length === 1)
			add(`${block}.attn.hook_pattern`, patterns[0].outputs[0]);
		add(`${block}.attn.hook_z`, attn && commonInput(w, attn.way.last));
		add(`${block}.hook_attn_out`, attn?.value);
		add(`${block}.hook_resid_mid`, mid);
		if (attn && normed2 !== normed) addNorm(`${block}.ln2`, normed2);
		add(`${block}.mlp.hook_post`, mlp && commonInput(w, mlp.way.last));
		add(`${block}.hook_mlp_out`, mlp?.value);
		add(`${block}.hook_resid_post`, to);
	}
	const last = layers[layers.length - 1].to;
	addNorm("ln_final", normInput(w, head, w.root(last)));
	return hooks;
}

/** Norms that are one operator: ONNX's and ONNX Runtime's. Their second input is the gain, a third one the shift. */
const fused = new Set([
	"LayerNormalization",
	"SimplifiedLayerNormalization",
	"RMSNormalization",
]);

/** The norm that gives a value, by its gain. Undefined where it has none, or is of no form that is known. */
function normOf(w: Wiring, out: string): Norm | undefined {
	const maker = w.maker(out);
	if (maker && fused.has(maker.type)) return { out, node: maker };
	const shifted = maker?.type === "Add" ? variable(w, maker) : undefined;
	const node = w.maker(w.root(shifted ?? out));
	const before = node?.type === "Mul" ? variable(w, node) : undefined;
	if (!node || before === undefined || !isScaled(w, before)) return undefined;
	return { out, node, before };
}

/** The one input that is not constant. Undefined where there are more, or none is. */
function variable(w: Wiring, { inputs }: OnnxNode): string | undefined {
	const others = inputs.filter((input) => !w.isConstant(input));
	return others.length === 1 && inputs.length === 2 ? others[0] : undefined;
}

/** Whether a value was divided by another, as by the size of a row. */
function isScaled(w: Wiring, value: string): boolean {
	const maker = w.maker(w.root(value));
	if (maker?.type !== "Div" && maker?.type !== "Mul") return false;
	return maker.inputs.every((input) => !w.isConstant(input));
}

/** What the first weights behind the stream multiply: its normalised form, if it is not the stream itself. */
function normInput(w: Wiring, way: Way, stream: string): string | undefined {
	const value = commonInput(w, way.first);
	return value === w.root(stream) ? undefined : value;
}

/** The rows of the token table, and what they become while nothing is added to them. */
function embedding(w: Wiring, lookup: OnnxNode, start: string): string {
	let [value] = lookup.outputs;
	while (value !== start) {
		const readers = w.readers(value);
		const [reader] = readers;
		if (readers.length !== 1 || !scales(w, reader)) break;
		[value] = reader.outputs;
	}
	return value;
}

/** Whether a node gives its input in another form or times a constant. */
function scales(w: Wiring, { type, inputs, outputs }: OnnxNode): boolean {
	if (w.root(outputs[0]) !== outputs[0]) return true;
	return type === "Mul" && inputs.some((value) => w.isConstant(value));
}
