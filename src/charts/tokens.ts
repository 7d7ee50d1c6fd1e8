import { count } from "../say";

/** Characters of a token in a label. */
const characters = 14;

/**
 * A token as it can be told apart on one line: a space is "·", a line break "⏎", what has no shape is escaped; at most
 * 14 characters.
 */
export function spell(token: string, limit = characters): string {
	const shown = [...token.slice(0, 8 * limit)].map((c) => {
		if (c === " ") return "·";
		if (c === "\n") return "⏎";
		if (!/[\p{C}\p{Z}]/u.test(c)) return c;
		return `\\u${(c.codePointAt(0) ?? 0).toString(16).padStart(4, "0")}`;
	});
	const whole = shown.join("");
	if (whole.length <= limit && token.length <= 8 * limit) return whole;
	let cut = "";
	for (const c of shown) {
		if (cut.length + c.length > limit - 1) break;
		cut += c;
	}
	return `${cut}…`;
}

/** The first tokens of a text, each with its position, so that no two are the same. */
export function tokenLabels(
	tokens: readonly string[],
	limit: number,
): string[] {
	return tokens
		.slice(0, limit)
		.map((token, position) => `${position} ${spell(token)}`);
}

/** What a figure says where it shows the beginning only. */
export function shownOf(shown: number, all: number): string {
	return shown < all
		? `; the first ${count(shown)} of ${count(all)} tokens`
		: "";
}
