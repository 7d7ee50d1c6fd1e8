import { listenTo, turns } from "../interrupt";
import { nearNames } from "../suggest";
import type { Activations } from ".";
import { checkMatrix, checkValues, inSentence, LEAVE_OUT } from "./check";
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

/** How a sentence's tokens become one row. */
export type Pool = "mean" | "max" | "last";

export interface PoolOptions {
	/**
	 * "mean" over the sentence's tokens; "max", the largest value of each column over them (a latent that does not fire
	 * is 0 there); "last", the row of the last one. Default: "mean".
	 */
	pool?: Pool;
	/** An offsets column of the sentences: only tokens that end at or before it count. Default: every token. */
	before?: string;
	/** Ends the work, with the signal's reason as error. Default: the notebook's interrupt. */
	signal?: AbortSignal;
}

/**
 * One row a sentence: the mean over its tokens (or their largest values, or the last token's), the model's own begin
 * and end tokens left out. Activations give dense rows [n_sentences, d_in]; latents give sparse rows
 * [n_sentences, d_sae], the mean of the latents (not the latents of the mean).
 *
 * Throws when `pool` is no way to pool, when `before` is no offsets column, when a sentence has no token that counts, and
 * when a token that counts has a number that is not finite.
 */
export async function poolSentences(
	source: Activations | TokenLatents,
	options: PoolOptions = {},
): Promise<Matrix> {
	const pool = checkPool(options.pool);
	const acts = source.kind === "latents" ? source.acts : source;
	const turn = turns(listenTo(options.signal));
	const counted = countedTokens(acts, options.before);
	if (source.kind === "latents")
		return finite(await poolLatents(source, pool, counted, turn), source);
	const d = acts.d_in;
	const pooler = densePooler(pool, d, acts.rows.sentence, counted);
	let row = 0;
	for await (const batch of acts.batches()) {
		await turn();
		for (let at = 0; at < batch.length; at += d) pooler.add(row++, batch, at);
	}
	if (row !== counted.keep.length)
		throw new Error(
			`The activations have ${row} rows of ${d} values, and their rows.sentence ${counted.keep.length}; extract them again.`,
		);
	return finite(pooler.matrix, source);
}

/** The pooled rows. Throws where one is not finite: none is unless a token was not. */
function finite<T extends Matrix>(
	pooled: T,
	source: Activations | TokenLatents,
): T {
	const acts = source.kind === "latents" ? source.acts : source;
	checkValues(
		pooled,
		(sentence) => inSentence(source.kind, acts, sentence),
		LEAVE_OUT,
	);
	return pooled;
}

/** The larger of two; NaN where `value` is infinitely small, which would be lost among others. */
function larger(most: number, value: number): number {
	return value === Number.NEGATIVE_INFINITY
		? Number.NaN
		: Math.max(most, value);
}

/** "mean" where none is given. Throws where it is no way to pool. */
export function checkPool(pool: Pool = "mean"): Pool {
	if (pool === "mean" || pool === "max" || pool === "last") return pool;
	throw new Error(
		`pool is ${JSON.stringify(pool)}, where "mean", "max" or "last" was expected.`,
	);
}

/** Which tokens a sentence's row is made of. */
export interface Counted {
	/** 1 where the token's row takes part. */
	keep: Uint8Array; // [n_tokens]
	/** How many take part. */
	tokens: Uint32Array; // [n_sentences]
}

/** Rows of tokens, and what they belong to. */
type Placed = Pick<Activations, "rows" | "sentences" | "model">;

/** The tokens that are text, not the model's own begin and end, and end at or before the offset. */
export function keptTokens(acts: Placed, before?: string): Counted {
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
	return { keep, tokens };
}

/** The tokens that `poolSentences` pools. Throws as it does. */
export function countedTokens(acts: Placed, before?: string): Counted {
	const { keep, tokens } = keptTokens(acts, before);
	const empty = tokens.indexOf(0);
	if (empty >= 0) {
		const where =
			before === undefined
				? ""
				: ` that ends by its ${before} (${acts.sentences.offsets[before][empty]})`;
		throw new Error(
			`Sentence ${empty} has no token${where}, so there is nothing to pool; leave it out with selectSentences.`,
		);
	}
	return { keep, tokens };
}

function offsets({ sentences }: Placed, before: string): Uint32Array {
	const columns = sentences.offsets;
	if (Object.hasOwn(columns, before)) return columns[before];
	const near = nearNames(before, Object.keys(columns));
	const others = near.length
		? `there is ${near.join(", ")}`
		: "they have none at all";
	const why = sentences.notes?.find((note) => note.startsWith(`"${before}" `));
	throw new Error(
		`The sentences have no offsets column "${before}"; ${others}.${why ? ` ${why}` : ""}`,
	);
}

/** Pools the rows of tokens [d] as they come, in any order. */
export interface DensePooler {
	/** Takes row number `row`, which begins at `values[at]`, where it counts. */
	add(row: number, values: Float32Array, at: number): void;
	/** [n_sentences, d]; right once every row was added. */
	matrix: DenseMatrix;
}

/** `sentence`: that of every row. */
export function densePooler(
	pool: Pool,
	d: number,
	sentence: Uint32Array,
	{ keep, tokens }: Counted,
): DensePooler {
	const data = new Float32Array(tokens.length * d);
	const matrix = { kind: "dense", rows: tokens.length, columns: d, data };
	if (pool === "max") data.fill(Number.NEGATIVE_INFINITY);
	const last = pool === "last" ? lastRows(sentence, keep, tokens.length) : null;
	return {
		matrix: matrix as DenseMatrix,
		add(row, values, at) {
			if (!keep[row]) return;
			const s = sentence[row];
			const to = s * d;
			if (pool === "mean") {
				const share = 1 / tokens[s];
				for (let j = 0; j < d; j++) data[to + j] += share * values[at + j];
			} else if (pool === "max") {
				let sum = 0;
				for (let j = 0; j < d; j++) {
					data[to + j] = Math.max(data[to + j], values[at + j]);
					sum += values[at + j] * 0;
				}
				if (sum === 0) return;
				// What is infinitely small would be lost among others.
				for (let j = 0; j < d; j++)
					data[to + j] = larger(data[to + j], values[at + j]);
			} else if (last?.[s] === row) data.set(values.subarray(at, at + d), to);
		},
	};
}

/** The number of each sentence's last row that counts. */
function lastRows(
	sentence: Uint32Array,
	keep: Uint8Array,
	sentences: number,
): Float64Array {
	const last = new Float64Array(sentences);
	for (let row = 0; row < keep.length; row++)
		if (keep[row]) last[sentence[row]] = row;
	return last;
}

async function poolLatents(
	latents: TokenLatents,
	pool: Pool,
	{ keep, tokens }: Counted,
	turn: () => Promise<void>,
): Promise<SparseMatrix> {
	const { indptr: from, d_sae } = latents;
	checkLatents(latents);
	const rowsOfSentence = groupRows(latents.acts.rows.sentence, keep, tokens);
	const indptr = new Float64Array(tokens.length + 1);
	const indices: Uint32Array[] = [];
	const values: Float32Array[] = [];
	const sum = new Float64Array(d_sae); // or the largest
	const fired = new Uint32Array(d_sae); // on how many tokens of the sentence
	for (let sentence = 0; sentence < tokens.length; sentence++) {
		if (sentence % 64 === 0) await turn();
		const touched: number[] = [];
		const own = rowsOfSentence(sentence);
		for (const row of pool === "last" ? own.subarray(-1) : own) {
			for (let p = from[row]; p < from[row + 1]; p++) {
				const latent = latents.indices[p];
				const value = latents.values[p];
				if (fired[latent]++ === 0) {
					touched.push(latent);
					sum[latent] = pool === "max" ? larger(value, value) : value;
				} else if (pool === "max") sum[latent] = larger(sum[latent], value);
				else sum[latent] += value;
			}
		}
		const columns = Uint32Array.from(touched).sort();
		const pooled = new Float32Array(columns.length);
		let n = 0;
		for (const latent of columns) {
			let value = sum[latent];
			if (pool === "mean") value /= tokens[sentence];
			// Where it does not fire it is 0.
			if (pool === "max" && fired[latent] < tokens[sentence])
				value = Math.max(value, 0);
			fired[latent] = 0;
			if (value === 0) continue;
			columns[n] = latent;
			pooled[n++] = value;
		}
		indices.push(columns.subarray(0, n));
		values.push(pooled.subarray(0, n));
		indptr[sentence + 1] = indptr[sentence] + n;
	}
	return {
		kind: "sparse",
		rows: tokens.length,
		columns: d_sae,
		indptr,
		indices: concatenate(indices, new Uint32Array(indptr[tokens.length])),
		values: concatenate(values, new Float32Array(indptr[tokens.length])),
	};
}

/** Throws unless they are sparse rows of d_sae columns, one a token. */
function checkLatents(latents: TokenLatents): void {
	const { d_sae: columns, indptr, indices, values, acts } = latents;
	const rows = acts.rows.sentence.length;
	const x = { rows, columns, indptr, indices, values };
	checkMatrix({ kind: "sparse", ...x }, "The latents");
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
