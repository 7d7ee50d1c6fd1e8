import { createHash } from "node:crypto";
import { nearNames } from "../suggest";
import type { Sentences } from "./types";

/**
 * The unit of each sentence, numbered from 0 in the order in which they come: what a split keeps on one side and a
 * resample draws as one. Copies of a text are one unit, and so are all sentences of a group (a document, an author).
 * Units that share a text or a group are one. Two texts are copies if they differ at most by upper and lower case, by
 * white space, or by how their accents are encoded (Unicode NFC).
 *
 * `groups`: the group of each sentence, "" where it is in none. Default: the sentences' own `group`.
 */
export function unitsOf(
	{ text, group }: Pick<Sentences, "text" | "group">,
	groups: readonly string[] | undefined = group,
): Uint32Array {
	const parent = Uint32Array.from(text, (_, i) => i);
	const root = (i: number): number => {
		let at = i;
		while (parent[at] !== at) {
			parent[at] = parent[parent[at]];
			at = parent[at];
		}
		return at;
	};
	const join = (keys: ArrayLike<string>) => {
		const first = new Map<string, number>();
		for (let i = 0; i < keys.length; i++) {
			if (keys[i] === "") continue;
			const other = first.get(keys[i]);
			if (other === undefined) first.set(keys[i], i);
			else parent[root(i)] = root(other);
		}
	};
	join(text.map(sameText));
	if (groups) join(groups);
	const numbers = new Map<number, number>();
	return Uint32Array.from(text, (_, i) => {
		const unit = root(i);
		const known = numbers.get(unit) ?? numbers.size;
		numbers.set(unit, known);
		return known;
	});
}

/**
 * The group of each sentence: the values of the label column `group`, or the sentences' own. Undefined where there are none.
 * Throws where there is no such column.
 */
export function groupsOf(
	sentences: Pick<Sentences, "labels" | "group">,
	group: string | undefined,
): string[] | undefined {
	if (group === undefined) return sentences.group;
	if (Object.hasOwn(sentences.labels, group)) return sentences.labels[group];
	const near = nearNames(group, Object.keys(sentences.labels));
	throw new Error(
		`group is "${group}", and the sentences have no such label; ${near.length ? `near it are ${near.join(", ")}` : "they have no labels at all"}.`,
	);
}

/** Whether a label says anything: a sentence without one takes no part in what is asked of that label. */
export function hasLabel(value: string): boolean {
	return value.trim() !== "";
}

/** A sentence on those that have no label; none where all have one. */
export function unlabelledNotes(
	label: string,
	n: number,
	of: number,
): string[] {
	const count = (value: number) => value.toLocaleString("en-US");
	return n === 0
		? []
		: [
				`${count(n)} of ${count(of)} sentences have no "${label}" and take no part.`,
			];
}

/** A text without what copies of it may differ in. */
export function sameText(text: string): string {
	return text.normalize("NFC").toLowerCase().replace(/\s+/g, " ").trim();
}

/** A number of 48 bits that copies of a text share, and that other texts do not, as far as chance allows. */
export function textKey(text: string): number {
	const digest = createHash("sha256").update(sameText(text)).digest();
	return digest.readUIntBE(0, 6);
}
