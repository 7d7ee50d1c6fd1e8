import { readFileSync } from "node:fs";
import { join } from "node:path";
import { writeFileAtomic } from "../../src/files";
import { type Bpe, endOfText } from "./bpe";

/** Writes `tokenizer.json` and `tokenizer_config.json` as Hugging Face's tokenizers read them. */
export function writeTokenizer(folder: string, bpe: Bpe, n_ctx: number): void {
	const special = {
		content: endOfText,
		single_word: false,
		lstrip: false,
		rstrip: false,
		normalized: false,
		special: true,
	};
	const byteLevel = {
		type: "ByteLevel",
		add_prefix_space: false,
		trim_offsets: false,
		use_regex: true,
	};
	const id = bpe.vocab[endOfText];
	const tokenizer = {
		version: "1.0",
		truncation: null,
		padding: null,
		added_tokens: [{ id, ...special }],
		normalizer: null,
		pre_tokenizer: byteLevel,
		post_processor: null,
		decoder: byteLevel,
		model: {
			type: "BPE",
			dropout: null,
			unk_token: null,
			continuing_subword_prefix: null,
			end_of_word_suffix: null,
			fuse_unk: false,
			byte_fallback: false,
			ignore_merges: true,
			vocab: bpe.vocab,
			merges: bpe.merges.map((pair) => pair.join(" ")),
		},
	};
	const config = {
		// GPT2Tokenizer builds itself from vocabulary and merges alone and would drop ignore_merges: no word would be whole
		tokenizer_class: "PreTrainedTokenizerFast",
		add_prefix_space: false,
		added_tokens_decoder: { [id]: special },
		bos_token: endOfText,
		eos_token: endOfText,
		clean_up_tokenization_spaces: false,
		model_max_length: n_ctx,
	};
	writeFileAtomic(join(folder, "tokenizer.json"), json(tokenizer));
	writeFileAtomic(join(folder, "tokenizer_config.json"), json(config));
}

/** Reads the vocabulary and the merges of a `tokenizer.json` that `writeTokenizer` wrote. */
export function readTokenizer(folder: string): Bpe {
	const { model } = JSON.parse(
		readFileSync(join(folder, "tokenizer.json"), "utf8"),
	) as { model: { vocab: Record<string, number>; merges: string[] } };
	return {
		vocab: model.vocab,
		merges: model.merges.map((pair) => pair.split(" ") as [string, string]),
	};
}

function json(value: unknown): string {
	return `${JSON.stringify(value, null, "\t")}\n`;
}
