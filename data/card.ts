import { bagOfWordsAccuracy, wordsOf } from "./bag-of-words";
import type { SentenceRow } from "./sentences";

/** The factors of a row by name, with the two that make up the sentiment. */
export function factorsOf(row: SentenceRow): Record<string, string> {
	const { factors, polarity, operator } = row;
	return { ...factors, polarity, operator };
}

/** The seven factors, in the order of the columns. */
export const factorNames = [
	"topic",
	"sentiment",
	"tense",
	"number",
	"pronoun",
	"repeats",
	"quoted",
];

/** How often each value occurs. */
export function countsOf(values: readonly string[]): Map<string, number> {
	const counts = new Map<string, number>();
	for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
	return new Map([...counts].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/**
 * Cramér's V of two labels, between 0 (independent) and 1 (one gives the other): √(χ² / (n (min(r, c) − 1))), Cramér
 * 1946.
 */
export function cramersV(a: readonly string[], b: readonly string[]): number {
	const [rows, cols] = [countsOf(a), countsOf(b)];
	const both = countsOf(a.map((value, i) => `${value}\t${b[i]}`));
	let chi2 = 0;
	for (const [x, nx] of rows)
		for (const [y, ny] of cols) {
			const expected = (nx * ny) / a.length;
			chi2 += ((both.get(`${x}\t${y}`) ?? 0) - expected) ** 2 / expected;
		}
	return Math.sqrt(chi2 / (a.length * (Math.min(rows.size, cols.size) - 1)));
}

/** The largest Cramér's V over the pairs of factors. */
export function strongestPair(rows: readonly SentenceRow[]): {
	pair: string;
	v: number;
} {
	const table = rows.map(factorsOf);
	let strongest = { pair: "", v: -1 };
	for (const [i, a] of factorNames.entries())
		for (const b of factorNames.slice(i + 1)) {
			const v = cramersV(
				table.map((row) => row[a]),
				table.map((row) => row[b]),
			);
			if (v > strongest.v) strongest = { pair: `${a} and ${b}`, v };
		}
	return strongest;
}

/** The share of texts in which each frame (opening, verdict or ending) occurs. */
export function frameShares(rows: readonly SentenceRow[]): Map<string, number> {
	const counts = countsOf(rows.flatMap(({ frame }) => frame.split("+")));
	return new Map([...counts].map(([frame, n]) => [frame, n / rows.length]));
}

/** Accuracy on the test split of a bag of words of the train split; for sentiment, of the text before `prefix_end`. */
export function bagAccuracy(
	rows: readonly SentenceRow[],
	factor: string,
): number {
	const of = (split: string) => {
		const some = rows.filter((row) => row.split === split);
		return {
			text: some.map(({ text, prefix_end }) =>
				factor === "sentiment" ? text.slice(0, prefix_end) : text,
			),
			label: some.map((row) => factorsOf(row)[factor]),
		};
	};
	return bagOfWordsAccuracy(of("train"), of("test"));
}

/** The numbers of the card, as Markdown. */
export function describeSentences(rows: readonly SentenceRow[]): string {
	const words = rows.map(({ text }) => wordsOf(text));
	const mean = (values: number[]) =>
		values.reduce((sum, value) => sum + value, 0) / values.length;
	const shares = frameShares(rows);
	const { pair, v } = strongestPair(rows);
	const table = rows.map(factorsOf);
	const splits = countsOf(rows.map(({ split }) => split));
	const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
	const factorLines = factorNames.map((factor) => {
		const counts = countsOf(table.map((row) => row[factor]));
		const list = [...counts].map(([value, n]) => `${value} ${n}`).join(", ");
		const accuracy = percent(bagAccuracy(rows, factor));
		return `| \`${factor}\` | ${list} | ${accuracy} |`;
	});
	const cells = countsOf(
		table.map((row) => `${row.polarity}, ${row.operator}`),
	);
	return [
		`- ${rows.length} texts: ${[...splits].map(([name, n]) => `${name} ${n}`).join(", ")}`,
		`- ${mean(words.map((w) => w.length)).toFixed(1)} words a text, ${new Set(words.flat()).size} different words`,
		`- ${shares.size} frames; the commonest is in ${percent(Math.max(...shares.values()))} of the texts`,
		`- mean −log p under the grammar: ${mean(rows.map(({ logProb }) => -logProb)).toFixed(2)} nats a text`,
		`- strongest link between two factors: ${pair}, Cramér's V ${v.toFixed(3)} (0 is none, 1 is total)`,
		`- polarity × operator: ${[...cells].map(([cell, n]) => `${cell} ${n}`).join("; ")}`,
		"",
		"| factor | texts | unigram bag of words |",
		"|---|---|---|",
		...factorLines,
	].join("\n");
}
