import type { FileMetaData } from "hyparquet";
import { quoted } from "../hub";

/** The names of the classes of each column whose values are their numbers. */
export type ClassNames = Map<string, string[]>;

/** The names of the classes of each column that a file's metadata declares as a ClassLabel of Python's `datasets`. */
export function namedClasses({
	key_value_metadata = [],
}: FileMetaData): ClassNames {
	const text = key_value_metadata.find(({ key }) => key === "huggingface");
	try {
		return classLabels(JSON.parse(text?.value ?? "{}").info?.features);
	} catch {
		return new Map(); // without readable metadata, labels stay numbers
	}
}

/** The names of the classes of each ClassLabel among features as Python's `datasets` writes them in JSON. */
export function classLabels(features: unknown): ClassNames {
	const found: ClassNames = new Map();
	for (const [name, feature] of Object.entries(features ?? {})) {
		const { _type, names } = itemOf(feature);
		if (_type !== "ClassLabel") continue;
		const all = Object.values(names ?? []);
		if (all.length && all.every((label) => typeof label === "string"))
			found.set(name, all);
	}
	return found;
}

/** A feature, or that of a list's items. */
function itemOf(feature: unknown): Record<string, unknown> {
	const inner = Array.isArray(feature)
		? feature[0]
		: (feature as Record<string, unknown> | null)?.feature;
	return (inner ?? feature ?? {}) as Record<string, unknown>;
}

/** The name of the class of a number; a number without a class stays one, and is told. */
export function className(
	column: string,
	text: string,
	names: string[],
	notes: Set<string>,
): string {
	if (text === "-1") return ""; // a row without a label
	if (!/^-?\d+$/.test(text)) return text;
	const name = names[Number(text)];
	if (name !== undefined) return name;
	notes.add(
		`The column ${quoted(column)} has values that none of its ${names.length} class names belongs to, e.g. ${text}; they stay numbers.`,
	);
	return names.includes(text) ? `number ${text}` : text;
}
