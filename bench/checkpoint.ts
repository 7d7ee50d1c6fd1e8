import { closeSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { writeAll } from "../src/files";
import { bytesOf, safetensorsHeader } from "../src/formats/safetensors";
import { random } from "../src/random";
import { smallConfig, writeRandomGpt2 } from "../tests/tiny";

/** Sizes of a GPT-2, named as in its config.json. */
export interface Sizes {
	vocab_size: number;
	n_positions: number;
	n_embd: number;
	n_layer: number;
	n_head: number;
}

export const gpt2Sizes: Record<string, Sizes> = {
	tiny: {
		vocab_size: 1000,
		n_positions: 128,
		n_embd: 128,
		n_layer: 6,
		n_head: 4,
	},
	"gpt2-small": {
		vocab_size: 50257,
		n_positions: 1024,
		n_embd: 768,
		n_layer: 12,
		n_head: 12,
	},
};

/** By name, the shape of each tensor. */
export function tensorShapes(sizes: Sizes): Record<string, number[]> {
	const d = sizes.n_embd;
	const shapes: Record<string, number[]> = {
		"wte.weight": [sizes.vocab_size, d],
		"wpe.weight": [sizes.n_positions, d],
	};
	const pair = (name: string, weight: number[]) => {
		shapes[`${name}.weight`] = weight;
		shapes[`${name}.bias`] = weight.slice(-1);
	};
	for (let layer = 0; layer < sizes.n_layer; layer++) {
		pair(`h.${layer}.ln_1`, [d]);
		pair(`h.${layer}.attn.c_attn`, [d, 3 * d]);
		pair(`h.${layer}.attn.c_proj`, [d, d]);
		pair(`h.${layer}.ln_2`, [d]);
		pair(`h.${layer}.mlp.c_fc`, [d, 4 * d]);
		pair(`h.${layer}.mlp.c_proj`, [4 * d, d]);
	}
	pair("ln_f", [d]);
	return shapes;
}

/** Bytes of the weights that a run through so many layers needs; with the final norm where the logits are wanted. */
export function weightBytes(
	sizes: Sizes,
	layers: number,
	logits: boolean,
): number {
	return Object.entries(tensorShapes(sizes))
		.filter(([name]) =>
			name.startsWith("h.")
				? Number(name.split(".")[1]) < layers
				: logits || !name.startsWith("ln_f"),
		)
		.reduce((sum, [, shape]) => sum + 4 * count(shape), 0);
}

/**
 * Writes a GPT-2 of these sizes with random weights and a tokenizer of one token a byte. The numbers repeat after
 * 2²⁰: a checkpoint of 500 MB is written in a second, and no tensor holds another's numbers.
 */
export function writeCheckpoint(folder: string, sizes: Sizes): void {
	writeRandomGpt2(folder, { vocab_size: 257, n_layer: 1 }); // for its tokenizer
	extendTokenizer(join(folder, "tokenizer.json"), sizes.vocab_size);
	writeFileSync(
		join(folder, "config.json"),
		JSON.stringify({ ...smallConfig, ...sizes }),
	);
	const shapes = Object.entries(tensorShapes(sizes));
	const header = safetensorsHeader(
		shapes.map(([name, shape]) => ({
			name: `transformer.${name}`,
			shape,
			dtype: "F32",
		})),
	);
	const file = openSync(join(folder, "model.safetensors"), "w");
	try {
		writeAll(file, header);
		const source = normals(1 << 20);
		for (const [i, [name, shape]] of shapes.entries())
			writeNumbers(file, source, { name, shape, from: 7919 * i });
	} finally {
		closeSync(file);
	}
}

/** Numbers of the size that a trained GPT-2's have, so that every part matters. */
function writeNumbers(
	file: number,
	source: Float32Array,
	{ name, shape, from }: { name: string; shape: number[]; from: number },
): void {
	const norm = name.includes("ln_") && name.endsWith("weight");
	const size =
		shape.length === 1 ? 0.1 : name.startsWith("w") ? 0.3 : shape[0] ** -0.5;
	const scaled = source.map((value) => size * value + (norm ? 1 : 0));
	for (let left = count(shape), at = from % source.length; left > 0; at = 0) {
		const part = scaled.subarray(at, at + left);
		writeAll(file, bytesOf(part));
		left -= part.length;
	}
}

/** Gives every id a text: those after the bytes' are "~257", "~258", … */
function extendTokenizer(file: string, d_vocab: number): void {
	const tokenizer = JSON.parse(readFileSync(file, "utf8"));
	for (let id = 257; id < d_vocab; id++) tokenizer.model.vocab[`~${id}`] = id;
	writeFileSync(file, JSON.stringify(tokenizer));
}

function normals(length: number): Float32Array {
	const draw = random(1);
	return Float32Array.from({ length }, () => draw.normal());
}

function count(shape: number[]): number {
	return shape.reduce((a, b) => a * b, 1);
}
