/**
 * Makes `sentences.csv`, `choices.csv` and the numbers of its card (between the two marks in `README.md`) from a seed.
 * Takes about a minute: npx tsx data/make-sentences.ts
 */
import { readFileSync } from "node:fs";
import path from "node:path";
import { writeFileAtomic } from "../src/files";
import { describeSentences } from "./card";
import { makeChoices } from "./choices";
import { makeSentences, toCsv } from "./sentences";

/** The seed of the sentences that ship. */
export const SEED = 2026;

const [FROM, TO] = ["<!-- numbers -->", "<!-- end of numbers -->"];

function main(): void {
	const rows = makeSentences(SEED);
	writeFileAtomic(path.join(__dirname, "sentences.csv"), toCsv(rows));
	writeFileAtomic(path.join(__dirname, "choices.csv"), makeChoices(SEED));
	const card = path.join(__dirname, "README.md");
	const text = readFileSync(card, "utf8");
	const [before, after] = [text.indexOf(FROM), text.indexOf(TO)];
	if (before < 0 || after < 0)
		throw new Error(
			`data/README.md has no place for the numbers; it needs the lines "${FROM}" and "${TO}".`,
		);
	const numbers = describeSentences(rows);
	writeFileAtomic(
		card,
		`${text.slice(0, before)}${FROM}\n${numbers}\n${text.slice(after)}`,
	);
	console.log(numbers);
}

if (require.main === module) main();
