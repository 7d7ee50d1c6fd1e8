import { readFileSync, statSync } from "node:fs";

const LARGEST_CONFIG = 2 ** 20;
const LONGEST_TEXT = 300;

/** A JSON object from outside. */
export type Json = Record<string, unknown>;

/** The JSON object in a file that is not absurdly large. `where` names the SAE in a sentence. */
export function readJsonObject(
	file: string,
	name: string,
	where: string,
): Json {
	if (statSync(file).size > LARGEST_CONFIG)
		throw new Error(
			`The ${name} in ${where} has more than ${LARGEST_CONFIG} bytes, which no config of an SAE has.`,
		);
	let json: unknown;
	try {
		json = JSON.parse(withoutNaN(readFileSync(file, "utf8")));
	} catch {}
	if (!isObject(json))
		throw new Error(
			`The ${name} in ${where} is no JSON object: save or fetch the SAE again.`,
		);
	return json;
}

/** Python writes NaN, Infinity and -Infinity as they are, which JSON does not know: they become null. */
function withoutNaN(json: string): string {
	return json.replace(/"(?:[^"\\]|\\.)*"?|-?\b(?:NaN|Infinity)\b/g, (found) =>
		found.startsWith('"') ? found : "null",
	);
}

/** A text from outside: short, and without control characters. Anything else is none. */
export function text(value: unknown): string {
	if (typeof value !== "string") return "";
	return value.slice(0, LONGEST_TEXT).replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, "?");
}

export function isObject(value: unknown): value is Json {
	return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function isCount(value: unknown): value is number {
	return Number.isSafeInteger(value) && (value as number) > 0;
}
