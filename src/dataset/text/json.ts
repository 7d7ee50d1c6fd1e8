import {
	type Cutter,
	checkLength,
	lines,
	type Part,
	Unreadable,
} from "./lines";
import { LONGEST } from "./pieces";

/** Characters, at most, of a file that is one object. */
const LARGEST = 1 << 28;

const STRING = /"[^"\\]*(?:\\.[^"\\]*)*"/.source;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/.source;
const tokens = new RegExp(`${STRING}|${NUMBER}|NaN|-?Infinity`, "g");
const marks = new RegExp(`${STRING}(\\s*:)?|[{}[\\]]`, "g");

/**
 * A JSON value whose numbers are texts, with the digits that stand in the file, where JavaScript would keep fewer (a long
 * identifier, 1.0). NaN, which Python writes, is no value.
 */
export function parseJson(text: string): unknown {
	if (!/\d{16}|\d\.\d|\d[eE]|NaN|Infinity/.test(text)) return JSON.parse(text);
	return JSON.parse(
		text.replace(tokens, (token) =>
			token.startsWith('"') ? token : token === "NaN" ? "null" : `"${token}"`,
		),
	);
}

/** A name to which the text of an object gives two values. */
export function repeatedName(text: string): string | undefined {
	const names = new Set<string>();
	let depth = 0;
	for (const [token, colon] of text.matchAll(marks)) {
		if (token === "{" || token === "[") depth++;
		else if (token === "}" || token === "]") depth--;
		else if (colon !== undefined && depth === 1) {
			const name = JSON.parse(token.slice(0, -colon.length)) as string;
			if (names.has(name)) return name;
			names.add(name);
		}
	}
	return undefined;
}

/**
 * The values of a JSON text: the elements of one array, or else one a line.
 *
 * `one`: the text may also be one object over several lines, which is then the only part.
 */
export function jsonParts(one: boolean): Cutter {
	let cutter: Cutter | undefined;
	let before = "";
	let hasLine = false;
	return {
		*parts(piece, ended) {
			if (cutter) return yield* cutter.parts(piece, ended);
			before += piece;
			const [first] = before.trimStart(); // what comes before it counts as lines
			hasLine ||= first !== undefined && /[\r\n]/.test(piece.trimStart());
			if (first === undefined && !ended) return;
			const mayBeOne = one && first === "{";
			if (mayBeOne && !hasLine && !ended && before.length <= LONGEST) return;
			if (first === "[") cutter = arrayElements();
			else if (mayBeOne && !isJson(firstLine(before))) cutter = wholeText();
			else cutter = lines();
			const all = before;
			before = "";
			yield* cutter.parts(all, ended);
		},
	};
}

const firstLine = (text: string) =>
	/[^\r\n]+/.exec(text.trimStart())?.[0] ?? "";

function isJson(text: string): boolean {
	try {
		parseJson(text);
		return true;
	} catch {
		return false;
	}
}

function wholeText(): Cutter {
	let text = "";
	return {
		*parts(piece, ended) {
			text += piece;
			if (text.length > LARGEST)
				throw new Unreadable(
					`is one JSON object of more than ${LARGEST} characters: write one object a line`,
				);
			if (ended && text.trim()) yield { text, line: 1 };
		},
	};
}

/** The elements of the array that the text is, each with what stands between its commas. */
function arrayElements(): Cutter {
	let pieces: string[] = [];
	let length = 0;
	let [line, start, depth] = [1, 1, 0];
	let [inString, escaped, returned] = [false, false, false];
	const take = (text: string): Part | undefined => {
		const whole = [...pieces, text].join("");
		pieces = [];
		length = 0;
		return whole.trim() ? { text: whole, line: start } : undefined;
	};
	return {
		*parts(piece, ended) {
			let from = 0;
			for (let i = 0; i < piece.length; i++) {
				const c = piece[i];
				if (c === "\n" ? !returned : c === "\r") line++;
				returned = c === "\r";
				if (inString) {
					if (escaped) escaped = false;
					else if (c === "\\") escaped = true;
					else if (c === '"') inString = false;
				} else if (c === '"') inString = true;
				else if (c === "[" || c === "{") {
					if (depth++ === 0) from = i + 1;
					else if (depth === 2) start = line;
				} else if (c === "]" || c === "}" || (c === "," && depth === 1)) {
					if (c !== ",") depth--;
					if (depth > (c === "," ? 1 : 0)) continue;
					const part = take(piece.slice(from, i));
					if (part) yield part;
					start = line;
					from = i + 1;
				}
			}
			pieces.push(piece.slice(from));
			length += piece.length - from;
			checkLength(length, start);
			if (ended && depth > 0)
				throw new Unreadable("ends before its array is closed");
			const part = ended ? take("") : undefined;
			if (part) yield part; // what stands behind the array
		},
	};
}
