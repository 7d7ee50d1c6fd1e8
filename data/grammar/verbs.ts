import { compile, type Option } from "./engine";

const irregular: Record<string, string> = {
	go: "went",
	leave: "left",
	throw: "threw",
	be: "was",
	shake: "shook",
	give: "gave",
	tell: "told",
	write: "wrote",
	feel: "felt",
	sing: "sang",
	weep: "wept",
	pay: "paid",
	keep: "kept",
	come: "came",
	have: "had",
	make: "made",
	flee: "fled",
	buy: "bought",
	sell: "sold",
	hold: "held",
	win: "won",
	bring: "brought",
	find: "found",
	sleep: "slept",
	nod: "nodded",
	stop: "stopped",
	slap: "slapped",
	clap: "clapped",
	grin: "grinned",
	hug: "hugged",
	ban: "banned",
	tip: "tipped",
};

/** The past of a verb that goes with "she" or "he". */
export function pastOf(verb: string): string {
	const known = irregular[verb];
	if (known !== undefined) return known;
	if (verb.endsWith("e")) return `${verb}d`;
	if (/[^aeiou]y$/.test(verb)) return `${verb.slice(0, -1)}ied`;
	return `${verb}ed`;
}

export interface Endings {
	/** One option for each frame, with the slot {pair} where praise and blame part. */
	frames: Option[];
	/** For each frame, what {pair} may be after praise and after blame: the same value names both sides of a pair. */
	pairs: Record<string, { positive: Option[]; negative: Option[] }>;
}

/** Reads endings such as ", so {crowd} <smile|frown;cheer|groan>." and inflects their verbs. */
export function readEndings(
	patterns: readonly string[],
	inflect: (verb: string) => string,
): Endings {
	const frames: Option[] = [];
	const pairs: Endings["pairs"] = {};
	for (const [i, text] of patterns.entries()) {
		const value = `ending-${String(i + 1).padStart(2, "0")}`;
		const plain = text.replace(/<(\w+)>/g, (_, verb) => inflect(verb));
		const match = /<([^>]*)>|\[([^\]]*)\]/.exec(plain);
		if (match === null)
			throw new Error(`The ending "${text}" has no pair such as [well|badly].`);
		const form = match[1] === undefined ? (word: string) => word : inflect;
		const alternatives = (match[1] ?? match[2]).split(";");
		const side = (k: number): Option[] =>
			alternatives.map((pair) => ({
				value: pair,
				pattern: [form(pair.split("|")[k])],
			}));
		frames.push({ value, pattern: compile(plain.replace(match[0], "{pair}")) });
		pairs[value] = { positive: side(0), negative: side(1) };
	}
	return { frames, pairs };
}

/** The form of a verb that goes with "she" or "he", in the present. */
export function presentOf(verb: string): string {
	if (verb === "be") return "is";
	if (verb === "have" || verb === "go") return verb === "go" ? "goes" : "has";
	if (/[^aeiou]y$/.test(verb)) return `${verb.slice(0, -1)}ies`;
	return /(s|sh|ch)$/.test(verb) ? `${verb}es` : `${verb}s`;
}
