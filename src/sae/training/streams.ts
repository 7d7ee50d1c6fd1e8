import { type Random, random } from "../../random";

/**
 * Random numbers for one purpose of a training. Each purpose and step has its own, so that none depends on how many
 * another has drawn: a resumed training need not replay what it does not need, and SAEs of any size see the rows in
 * the same order. FNV-1a of the text, mixed.
 */
export function stream(
	seed: number,
	purpose: "order" | "sample" | "start" | "resample",
	step = 0,
): Random {
	let hash = 0x811c9dc5;
	for (const byte of Buffer.from(`${seed} ${purpose} ${step}`))
		hash = Math.imul(hash ^ byte, 0x01000193);
	hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
	return random(hash ^ (hash >>> 13));
}
