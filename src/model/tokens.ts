import type { Tokenizer } from "./tokenizer";
import type { Model, ModelInfo } from "./types";

/** A number of tokens, and the first of them. */
export function severalTokens(tokens: readonly string[]): string {
	const found = tokens.slice(0, 8).map((token) => JSON.stringify(token));
	const more = tokens.length > found.length ? ", …" : "";
	return `${tokens.length} tokens${found.length ? ` (${found.join(", ")}${more})` : ""}`;
}

/** Most words are one token only with a space in front of them. */
function hintAtSpace(text: string, count: (text: string) => number): string {
	const other = text.startsWith(" ") ? text.slice(1) : ` ${text}`;
	return text !== "" && other !== "" && count(other) === 1
		? `; ${shortened(other)} is one`
		: "";
}

function shortened(text: string): string {
	return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);
}

/** The functions of a model that turn text into tokens. */
export function makeTokens(
	info: ModelInfo,
	tokenizer: Tokenizer | undefined,
): Pick<Model, "toTokens" | "toStrTokens" | "toSingleToken"> {
	const needed = () => {
		if (tokenizer) return tokenizer;
		throw new Error(
			`The folder of "${info.name}" has no tokenizer.json, so it cannot read text; give token ids through model.batch([Int32Array.of(…)]), or to extract as lists.`,
		);
	};
	const toTokens: Model["toTokens"] = (text, options = {}) => {
		if (typeof text !== "string")
			throw new Error(
				`A text was expected, but ${text === null ? "null" : `a value of type ${typeof text}`} was given.`,
			);
		const { ids, start, end, special } = needed().encode(text);
		const bos = info.bos_token_id;
		if (options.prepend_bos && bos === null)
			throw new Error(
				`"${info.name}" has no BOS token to put in front; leave prepend_bos out or set it to false.`,
			);
		const before = bos !== null && options.prepend_bos !== false ? 1 : 0;
		const whole = before + ids.length;
		const length =
			options.truncate === false ? whole : Math.min(whole, info.n_ctx);
		const kept = length - before;
		const tokens = {
			ids: new Int32Array(length),
			start: new Uint32Array(length),
			end: new Uint32Array(length),
			special: new Uint8Array(length),
			cut: ids.length - kept,
		};
		if (before && bos !== null) {
			tokens.ids[0] = bos;
			tokens.special[0] = 1;
		}
		tokens.ids.set(ids.slice(0, kept), before);
		tokens.start.set(start.slice(0, kept), before);
		tokens.end.set(end.slice(0, kept), before);
		tokens.special.set(special.slice(0, kept).map(Number), before);
		return tokens;
	};
	const toStrTokens: Model["toStrTokens"] = (text, options) =>
		Array.from(toTokens(text, { truncate: false, ...options }).ids, (id) =>
			needed().decode(id),
		);
	return {
		toTokens,
		toStrTokens,
		toSingleToken(text) {
			const whole = { prepend_bos: false, truncate: false };
			const { ids } = toTokens(text, whole);
			if (ids.length === 1) return ids[0];
			throw new Error(
				`The text ${shortened(text)} is ${severalTokens(toStrTokens(text, whole))}, where exactly one is needed${hintAtSpace(text, (other) => toTokens(other, whole).ids.length)}.`,
			);
		},
	};
}
