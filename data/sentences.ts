import { random } from "../src/random";
import { csv } from "./csv";
import { type Sample, sampleText } from "./grammar";

/** One row of `sentences.csv`. */
export interface SentenceRow extends Sample {
	id: number;
	split: "train" | "validation" | "test";
}

/** The columns of `sentences.csv`, in order. */
export const columns = [
	"id",
	"text",
	"topic",
	"sentiment",
	"tense",
	"number",
	"pronoun",
	"repeats",
	"quoted",
	"polarity",
	"operator",
	"frame",
	"prefix_end",
	"split",
] as const;

const PER_CELL = 2100;
const CELLS = 6; // two polarities × three operators

/**
 * Draws the sentences from the grammar: 2,100 for each of the six cells of polarity × operator, no text twice, 80 / 10 /
 * 10 % of them in train, validation and test. The same seed gives the same rows.
 */
export function makeSentences(seed: number): SentenceRow[] {
	const r = random(seed);
	const counts = new Map<string, number>();
	const seen = new Set<string>();
	const samples: Sample[] = [];
	while (samples.length < PER_CELL * CELLS) {
		const sample = sampleText(r);
		const cell = `${sample.polarity} ${sample.operator}`;
		const count = counts.get(cell) ?? 0;
		if (count === PER_CELL || seen.has(sample.text)) continue;
		counts.set(cell, count + 1);
		seen.add(sample.text);
		samples.push(sample);
	}
	const order = r.shuffle(Int32Array.from(samples, (_, i) => i));
	return samples.map((sample, i) => ({
		...sample,
		id: i + 1,
		split: splitOf(order[i], samples.length),
	}));
}

function splitOf(place: number, n: number): SentenceRow["split"] {
	if (place < 0.8 * n) return "train";
	return place < 0.9 * n ? "validation" : "test";
}

/** The rows of `sentences.csv`. */
export function toCsv(rows: readonly SentenceRow[]): string {
	return csv(
		columns,
		rows.map(({ factors, ...row }) => ({ ...row, ...factors })),
	);
}
