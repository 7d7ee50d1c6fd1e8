import {
	type Activations,
	checkMatrix,
	checkValues,
	extract,
	inSentence,
	keptTokens,
	LEAVE_OUT,
	type Matrix,
	type SparseMatrix,
	takeRows,
} from "../activations";
import { selectSentences } from "../dataset";
import type { TokenTask } from "./tokens";
import type { Units } from "./units";

/** Tokens: their own rows, and which token each is. */
export function tokenUnits(
	acts: Activations,
	{ rows, groups }: TokenTask,
	signal: AbortSignal | undefined,
): Units {
	return {
		async read(source) {
			if (source.kind === "activations") return denseRows(source, rows, signal);
			const { d_sae: columns, indptr, indices, values } = source;
			const kind = "sparse";
			const all = { kind, rows: acts.n_tokens, columns } as const;
			const x = { ...all, indptr, indices, values };
			checkMatrix(x, "The latents");
			const place = (row: number) =>
				inSentence("latents", acts, acts.rows.sentence[row]);
			checkValues(x, place, LEAVE_OUT);
			return takeRows(x, rows);
		},
		async readModel(model) {
			const chosen = new Set(groups);
			const few = selectSentences(acts.sentences, (i) => chosen.has(i));
			const { hook_name, prepend_bos, context_size } = acts;
			const how = { hook_name, prepend_bos, signal };
			const other = await extract(model, few, {
				...how,
				...(context_size !== undefined && { context_size }),
				center_writing_weights: acts.center_writing_weights,
			});
			return denseRows(other, sameTokens(acts, other, chosen, rows), signal);
		},
		words: (train) => whichToken(acts.rows.token, rows, train),
	};
}

/** The rows of `other`, which has the chosen sentences only, that are the same tokens as those of `acts`. */
function sameTokens(
	acts: Activations,
	other: Activations,
	chosen: Set<number>,
	rows: Uint32Array,
): Uint32Array {
	const ordinary = keptTokens(acts).keep;
	const theirs = keptTokens(other).keep;
	const place = new Map<number, number>();
	let at = 0;
	for (let row = 0; row < ordinary.length; row++) {
		if (!ordinary[row] || !chosen.has(acts.rows.sentence[row])) continue;
		while (!theirs[at]) at++;
		place.set(row, at++);
	}
	return rows.map((row) => place.get(row) as number);
}

async function denseRows(
	acts: Activations,
	rows: Uint32Array,
	signal: AbortSignal | undefined,
): Promise<Matrix> {
	const d = acts.d_in;
	const data = new Float32Array(rows.length * d);
	const order = Uint32Array.from(rows.keys()).sort((a, b) => rows[a] - rows[b]);
	let next = 0;
	let first = 0; // row of the batch's beginning
	for await (const batch of acts.batches()) {
		signal?.throwIfAborted();
		const end = first + batch.length / d;
		for (; next < order.length && rows[order[next]] < end; next++) {
			const from = (rows[order[next]] - first) * d;
			data.set(batch.subarray(from, from + d), order[next] * d);
		}
		first = end;
	}
	const x = { kind: "dense", rows: rows.length, columns: d, data } as const;
	const place = (i: number) =>
		inSentence("activations", acts, acts.rows.sentence[rows[i]]);
	checkValues(x, place, LEAVE_OUT);
	return x;
}

/** A column for each token that the training rows have, and a 1 in each row that is one of them. */
function whichToken(
	token: Uint32Array,
	rows: Uint32Array,
	train: Uint32Array,
): SparseMatrix {
	const column = new Map<number, number>();
	for (const i of train)
		if (!column.has(token[rows[i]])) column.set(token[rows[i]], column.size);
	const indptr = new Float64Array(rows.length + 1);
	const indices: number[] = [];
	for (const [i, row] of rows.entries()) {
		const j = column.get(token[row]);
		if (j !== undefined) indices.push(j);
		indptr[i + 1] = indices.length;
	}
	return {
		...{ kind: "sparse", rows: rows.length, columns: column.size, indptr },
		indices: Uint32Array.from(indices),
		values: new Float32Array(indices.length).fill(1),
	};
}
