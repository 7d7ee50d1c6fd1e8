/** What stands between two tags, as `probeTags` expects it. */
const BETWEEN = ";";

/** A list of plain values as tags; undefined where it holds something else, or a value with ";". */
export function tagsOf(list: unknown[]): string | undefined {
	const tags = list.filter((tag) => tag !== null).map(String);
	const plain = list.every((tag) => typeof tag !== "object" || tag === null);
	return plain && !tags.some((tag) => tag.includes(BETWEEN))
		? tags.join(BETWEEN)
		: undefined;
}

const STRING = String.raw`'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"`;
const ITEM = String.raw`(?:${STRING}|-?\d+(?:\.\d*)?|True|False|None|true|false|null)`;
const LIST = new RegExp(
	String.raw`^\s*\[\s*(?:${ITEM}\s*(?:,\s*${ITEM}\s*)*,?\s*|${ITEM}(?:\s+${ITEM})+\s*)?\]\s*$`,
);

/** Whether a text is a list as Python, numpy or JSON writes it, e.g. "['a', 'b']" or "['a' 'b']". */
export const isListText = (text: string) =>
	text.length < 10_000 && LIST.test(text);

/** The tags of such a text; undefined where one of them holds ";". */
export function tagsOfText(text: string): string | undefined {
	const items = text.trim().slice(1, -1).match(new RegExp(ITEM, "g")) ?? [];
	return tagsOf(
		items.map((item) => {
			if (item === "None" || item === "null") return null;
			if (!/^['"]/.test(item)) return item;
			return item.slice(1, -1).replace(/\\(.)/g, "$1");
		}),
	);
}
