/** A trigram model with absolute discounting, interpolated down to single tokens (Ney, Essen & Kneser 1994). */
export interface Trigram {
	/** log p(token | the two before it), in nats. */
	logProb(before: number, last: number, token: number): number;
}

const discount = 0.75;

interface Context {
	total: number;
	counts: Map<number, number>;
}

/** Counts sequences of token ids; `end` stands (twice) before each and once after. */
export function trainTrigram(
	sequences: Iterable<number[]>,
	{ d_vocab, end }: { d_vocab: number; end: number },
): Trigram {
	const tables: Map<number, Context>[] = [new Map(), new Map(), new Map()];
	const add = (table: Map<number, Context>, context: number, token: number) => {
		let entry = table.get(context);
		if (!entry) {
			entry = { total: 0, counts: new Map() };
			table.set(context, entry);
		}
		entry.total++;
		entry.counts.set(token, (entry.counts.get(token) ?? 0) + 1);
	};
	for (const sequence of sequences) {
		let [before, last] = [end, end];
		for (const token of [...sequence, end]) {
			add(tables[0], 0, token);
			add(tables[1], last, token);
			add(tables[2], before * d_vocab + last, token);
			[before, last] = [last, token];
		}
	}
	/** p = max(count − D, 0) / total + D · kinds / total · p of the shorter context */
	const refine = (
		context: Context | undefined,
		token: number,
		shorter: number,
	) => {
		if (!context) return shorter;
		const kept = Math.max((context.counts.get(token) ?? 0) - discount, 0);
		const spared = discount * context.counts.size;
		return (kept + spared * shorter) / context.total;
	};
	return {
		logProb(before, last, token) {
			const one = refine(tables[0].get(0), token, 1 / d_vocab);
			const two = refine(tables[1].get(last), token, one);
			return Math.log(
				refine(tables[2].get(before * d_vocab + last), token, two),
			);
		},
	};
}
