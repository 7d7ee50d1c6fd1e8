import { oneLine } from "./html";

/** What a value is, for a sentence that refuses it. */
export function describe(value: unknown): string {
	if (value === undefined) return "nothing";
	if (value instanceof Promise) return "a promise (put await before it)";
	if (value === null || typeof value !== "object")
		return `the ${typeof value} ${oneLine(String(value), 60)}`.replace(
			"the object null",
			"null",
		);
	if (Array.isArray(value))
		return `an array of ${value.length.toLocaleString("en-US")}`;
	const keys = Object.keys(value).slice(0, 5).join(", ");
	return keys
		? `an object with the fields ${oneLine(keys, 60)}`
		: "an empty object";
}
