import type { Random } from "../../src/random";

/** A text and the log-probability (nats) with which the grammar draws it. */
export interface Draw {
	text: string;
	logProb: number;
	/** Characters [start, end) that depend on something said long before; to be learnt with emphasis. */
	far?: [number, number][];
}

/** The tokens of a text. */
export interface Sequence {
	ids: number[];
	logProb?: number;
	/** Tokens [start, end) that depend on something said long before. */
	far?: [number, number][];
}

/** Sequences of about one length, side by side: `<|endoftext|>`, the text, and as targets the text, `<|endoftext|>`. */
export interface Batch {
	/** [batch, seq], right padded */
	ids: Int32Array;
	/** [batch, seq], -1 at padding */
	targets: Int32Array;
	/** [batch, seq], 1 where a target depends on something said long before, else 0 */
	far: Float32Array;
	batch: number;
	seq: number;
	/** Targets that are counted. */
	count: number;
	/** The least possible sum of nats on average: Σ −log p(text) under the grammar. */
	best: number;
}

/** Lays token sequences side by side. `end` stands before each and, as a target, after it. */
export function toBatch(sequences: Sequence[], end: number): Batch {
	const batch = sequences.length;
	const seq = 1 + Math.max(...sequences.map(({ ids }) => ids.length));
	const ids = new Int32Array(batch * seq).fill(end);
	const targets = new Int32Array(batch * seq).fill(-1);
	const far = new Float32Array(batch * seq);
	let count = 0;
	let best = 0;
	sequences.forEach((sequence, row) => {
		ids.set(sequence.ids, row * seq + 1);
		targets.set([...sequence.ids, end], row * seq);
		for (const [from, to] of sequence.far ?? [])
			far.fill(1, row * seq + from, row * seq + to); // a token is the target at the place before it
		count += sequence.ids.length + 1;
		best -= sequence.logProb ?? 0;
	});
	return { ids, targets, far, batch, seq, count, best };
}

/** Where a stream of batches stands; enough to go on from there. */
export interface StreamState {
	/** The random state at the start of the present pool. */
	pool: number;
	/** How many batches of it are used. */
	used: number;
}

export interface BatchStream {
	next(): Batch;
	state(): StreamState;
}

/**
 * An endless stream of batches of `rows` texts. Texts are drawn in pools of 64 batches and sorted by length within
 * the pool, so that little is padding; the batches come in a random order.
 */
export function batchStream(
	r: Random,
	draw: (r: Random) => Draw,
	encode: (text: string) => number[],
	end: number,
	{ rows, n_ctx, skip = 0 }: { rows: number; n_ctx: number; skip?: number },
): BatchStream {
	const inPool = 64;
	let start = r.state();
	let pool: Batch[] = [];
	let used = 0;
	const fill = () => {
		start = r.state();
		const sequences: Sequence[] = [];
		while (sequences.length < inPool * rows) {
			const { text, logProb, far = [] } = draw(r);
			const ids = encode(text);
			const place = (at: number) => encode(text.slice(0, at)).length;
			const tokens = far.map((span) => span.map(place) as [number, number]);
			if (ids.length < n_ctx) sequences.push({ ids, logProb, far: tokens });
		}
		sequences.sort((a, b) => a.ids.length - b.ids.length);
		const order = r.shuffle(Array.from({ length: inPool }, (_, i) => i));
		pool = order.map((i) =>
			toBatch(sequences.slice(i * rows, (i + 1) * rows), end),
		);
		used = 0;
	};
	if (skip > 0) {
		fill();
		used = skip;
	}
	return {
		next() {
			if (used >= pool.length) fill();
			return pool[used++];
		},
		state: () => ({ pool: start, used }),
	};
}
