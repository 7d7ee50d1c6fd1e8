import { listenTo, turns } from "../interrupt";
import { nearNames } from "../suggest";
import type { Activations } from ".";
import type { DenseMatrix, Matrix, SparseMatrix } from "./matrix";

/** The part of `Latents` that pooling reads: compressed rows, one a token, over the activations they came from. */
export interface TokenLatents {
	kind: "latents";
	d_sae: number;
	indptr: Float64Array;
	indices: Uint32Array;
	values: Float32Array;
	acts: Activations;
}

export interface PoolOptions {
	/** An offsets column of the sentences: only tokens that end at or before it count. Default: every token. */
	before?: string;
	/** Ends the work, with the signal's reason as error. Default: the notebook's interrupt. */
	signal?: AbortSignal;
}

/**
 * One row a sentence: the mean over its tokens, the model's own begin and end tokens left out.
 * Activations give dense rows [n_sentences, d_in]; latents give sparse rows [n_sentences, d_sae], the mean of the
 * latents (not the latents of the mean).
 *
 * Throws when `before` is no offsets column, and when a sentence has no token to take the mean of.
 */
export async function poolSentences(
	source: Activations | TokenLatents,
	options: PoolOptions = {},
): Promise<Matrix> {
	const acts = source.kind === "latents" ? source.acts : source;
	const turn = turns(listenTo(options.signal));
	const counted = countedTokens(acts, options.before);
	return source.kind === "latents"
		? poolLatents(source, counted, turn)
		: poolActivations(source, counted, turn);
}

/** Which tokens a sentence's mean is taken over. */
export interface Counted {
	/** 1 where the token's row takes part. */
	keep: Uint8Array; // [n_tokens]
	/** How many take part. */
	tokens: Uint32Array; // [n_sentences]
}

/** The tokens that `poolSentences` takes the mean over. Throws as it does. */
export function countedTokens(acts: Activations, before?: string): Counted {
	const { rows, sentences, model } = acts;
	const limit = before === undefined ? undefined : offsets(acts, before);
	const keep = new Uint8Array(rows.sentence.length);
	const tokens = new Uint32Array(sentences.text.length);
	for (let row = 0; row < keep.length; row++) {
		const id = rows.token[row];
		if (id === model.bos_token_id || id === model.eos_token_id) continue;
		const sentence = rows.sentence[row];
		if (limit && rows.end[row] > limit[sentence]) continue;
		keep[row] = 1;
		tokens[sentence]++;
	}
	const empty = tokens.indexOf(0);
	if (empty >= 0) {
		const where = limit ? ` that ends by its ${before} (${limit[empty]})` : "";
		throw new Error(
			`Sentence ${empty} has no token${where} to take the mean of; leave it out with selectSentences.`,
		);
	}
	return { keep, tokens };
}

function offsets(acts: Activations, before: string): Uint32Array {
	const columns = acts.sentences.offsets;
	if (Object.hasOwn(columns, before)) return columns[before];
	const near = nearNames(before, Object.keys(columns));
	throw new Error(
		`The sentences have no offsets column "${before}"; ${near.length ? `there is ${near.join(", ")}` : "they have none at all"}.`,
	);
}

async function poolActivations(
	acts: Activations,
	{ keep, tokens }: Counted,
	turn: () => Promise<void>,
): Promise<DenseMatrix> {
	const d = acts.d_in;
	const data = new Float32Array(tokens.length * d);
	let row = 0;
	for await (const batch of acts.batches()) {
		await turn();
		for (let at = 0; at < batch.length; at += d, row++) {
			if (!keep[row]) continue;
			const sentence = acts.rows.sentence[row];
			const to = sentence * d;
			const share = 1 / tokens[sentence];
			for (let j = 0; j < d; j++) data[to + j] += share * batch[at + j];
		}
	}
	return { kind: "dense", rows: tokens.length, columns: d, data };
}

async function poolLatents(
	latents: TokenLatents,
	{ keep, tokens }: Counted,
	turn: () => Promise<void>,
): Promise<SparseMatrix> {
	const rowsOfSentence = groupRows(latents.acts.rows.sentence, keep, tokens);
	const indptr = new Float64Array(tokens.length + 1);
	const indices: Uint32Array[] = [];
	const values: Float32Array[] = [];
	const sum = new Float64Array(latents.d_sae);
	for (let sentence = 0; sentence < tokens.length; sentence++) {
		if (sentence % 64 === 0) await turn();
		const touched: number[] = [];
		for (const row of rowsOfSentence(sentence)) {
			for (let p = latents.indptr[row]; p < latents.indptr[row + 1]; p++) {
				const latent = latents.indices[p];
				if (sum[latent] === 0) touched.push(latent);
				sum[latent] += latents.values[p];
			}
		}
		const own = Uint32Array.from(touched).sort();
		const means = new Float32Array(own.length);
		for (let p = 0; p < own.length; p++) {
			means[p] = sum[own[p]] / tokens[sentence];
			sum[own[p]] = 0;
		}
		indices.push(own);
		values.push(means);
		indptr[sentence + 1] = indptr[sentence] + own.length;
	}
	return {
		kind: "sparse",
		rows: tokens.length,
		columns: latents.d_sae,
		indptr,
		indices: concatenate(indices, new Uint32Array(indptr[tokens.length])),
		values: concatenate(values, new Float32Array(indptr[tokens.length])),
	};
}

/** The kept rows of each sentence, wherever they stand. */
function groupRows(
	sentence: Uint32Array,
	keep: Uint8Array,
	tokens: Uint32Array,
): (sentence: number) => Uint32Array {
	const start = new Float64Array(tokens.length + 1);
	for (let s = 0; s < tokens.length; s++) start[s + 1] = start[s] + tokens[s];
	const next = start.slice();
	const rows = new Uint32Array(start[tokens.length]);
	for (let row = 0; row < keep.length; row++)
		if (keep[row]) rows[next[sentence[row]]++] = row;
	return (s) => rows.subarray(start[s], start[s + 1]);
}

function concatenate<T extends Uint32Array | Float32Array>(
	parts: T[],
	into: T,
): T {
	let at = 0;
	for (const part of parts) {
		into.set(part, at);
		at += part.length;
	}
	return into;
}
