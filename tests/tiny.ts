import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeSafetensors } from "../src/formats/safetensors";
import { random } from "../src/random";

/** The config of a very small GPT-2, as Hugging Face writes it. */
export const smallConfig = {
	model_type: "gpt2",
	vocab_size: 257,
	n_positions: 32,
	n_embd: 16,
	n_layer: 3,
	n_head: 2,
	n_inner: null as number | null,
	activation_function: "gelu_new",
	layer_norm_epsilon: 1e-5,
	tie_word_embeddings: true,
	bos_token_id: 256 as number | null,
	eos_token_id: 256 as number | null,
};

export interface RandomGpt2 extends Partial<typeof smallConfig> {
	seed?: number;
	/** What stands before each tensor's name but the head's; default: "transformer.". */
	prefix?: string;
	/** Whether the head has a bias; default: false. */
	head_bias?: boolean;
	scale_attn_by_inverse_layer_idx?: boolean;
	scale_attn_weights?: boolean;
	reorder_and_upcast_attn?: boolean;
	/** Whether a tokenizer with one token per byte is written; default: where vocab_size is at least 257. */
	tokenizer?: boolean;
}

/**
 * Writes a GPT-2 with random weights (large enough that every part matters) in Hugging Face layout,
 * with a tokenizer of one token per byte, id = byte, and "<|endoftext|>" as id 256. Returns the folder.
 */
export function writeRandomGpt2(
	folder: string,
	overrides: RandomGpt2 = {},
): string {
	const {
		seed = 1,
		prefix = "transformer.",
		tokenizer,
		head_bias,
		...rest
	} = overrides;
	const config = { ...smallConfig, ...rest };
	mkdirSync(folder, { recursive: true });
	writeFileSync(join(folder, "config.json"), JSON.stringify(config));
	const tensors = randomTensors(config, seed, prefix);
	if (head_bias)
		tensors["lm_head.bias"] = {
			shape: [config.vocab_size],
			data: Float32Array.from({ length: config.vocab_size }, (_, i) =>
				Math.sin(i),
			),
		};
	writeSafetensors(join(folder, "model.safetensors"), tensors);
	if (tokenizer ?? config.vocab_size >= 257) writeByteTokenizer(folder);
	return folder;
}

/** A fresh folder below the system's temporary one, and a function that removes it. */
export function temporaryFolder(): { folder: string; remove: () => void } {
	const folder = mkdtempSync(join(tmpdir(), "sparselens-"));
	return {
		folder,
		remove: () => rmSync(folder, { recursive: true, force: true }),
	};
}

function randomTensors(
	config: typeof smallConfig,
	seed: number,
	prefix: string,
) {
	const r = random(seed);
	const d = config.n_embd;
	const inner = config.n_inner ?? 4 * d;
	const tensors: Record<string, { shape: number[]; data: Float32Array }> = {};
	const put = (name: string, shape: number[], size: number, mean = 0) => {
		const length = shape.reduce((a, b) => a * b, 1);
		const data = Float32Array.from({ length }, () => mean + size * r.normal());
		tensors[name] = { shape, data };
	};
	const dense = (name: string, from: number, to: number) => {
		put(`${name}.weight`, [from, to], 1 / Math.sqrt(from));
		put(`${name}.bias`, [to], 0.1);
	};
	const norm = (name: string) => {
		put(`${name}.weight`, [d], 0.1, 1);
		put(`${name}.bias`, [d], 0.1);
	};
	put(`${prefix}wte.weight`, [config.vocab_size, d], 0.5);
	put(`${prefix}wpe.weight`, [config.n_positions, d], 0.2);
	for (let layer = 0; layer < config.n_layer; layer++) {
		const h = `${prefix}h.${layer}`;
		norm(`${h}.ln_1`);
		dense(`${h}.attn.c_attn`, d, 3 * d);
		dense(`${h}.attn.c_proj`, d, d);
		norm(`${h}.ln_2`);
		dense(`${h}.mlp.c_fc`, d, inner);
		dense(`${h}.mlp.c_proj`, inner, d);
	}
	norm(`${prefix}ln_f`);
	if (!config.tie_word_embeddings)
		put("lm_head.weight", [config.vocab_size, d], 0.5);
	return tensors;
}

function writeByteTokenizer(folder: string): void {
	const vocab: Record<string, number> = {};
	for (let byte = 0, free = 256; byte < 256; byte++) {
		const printable =
			(byte >= 33 && byte <= 126) ||
			(byte >= 161 && byte <= 172) ||
			byte >= 174;
		vocab[String.fromCharCode(printable ? byte : free++)] = byte;
	}
	const end = "<|endoftext|>";
	const flags = {
		single_word: false,
		lstrip: false,
		rstrip: false,
		normalized: false,
		special: true,
	};
	const byteLevel = {
		type: "ByteLevel",
		add_prefix_space: false,
		trim_offsets: true,
	};
	const tokenizer = {
		version: "1.0",
		added_tokens: [{ id: 256, content: end, ...flags }],
		normalizer: null,
		pre_tokenizer: byteLevel,
		post_processor: null,
		decoder: byteLevel,
		model: { type: "BPE", vocab, merges: [] },
	};
	writeFileSync(join(folder, "tokenizer.json"), JSON.stringify(tokenizer));
	writeFileSync(
		join(folder, "tokenizer_config.json"),
		JSON.stringify({
			tokenizer_class: "GPT2Tokenizer",
			bos_token: end,
			eos_token: end,
		}),
	);
}
