import { flow, folded, isNull, type Yaml } from "./yaml-flow";

/**
 * Reads YAML as far as READMEs of data sets use it: mappings and lists in blocks and in brackets, quoted and plain
 * scalars, also over several lines, comments. Throws where it goes beyond that (anchors, tags, keys that are no
 * scalars) or is broken.
 */
export function readYaml(text: string): Yaml {
	const lines = text.split(/\r\n|\r|\n/);
	let at = 0;

	const isOver = () => {
		while (at < lines.length && /^\s*(#|$)/.test(lines[at])) at++;
		return at === lines.length;
	};
	const indent = () => {
		const [spaces] = /^[ \t]*/.exec(lines[at]) ?? [""];
		return spaces.includes("\t") ? broken("a tab indents it") : spaces.length;
	};
	const broken = (why: string): never => {
		throw new Error(`line ${Math.min(at + 1, lines.length)}: ${why}`);
	};
	const isItem = () => /^ *-(\s|$)/.test(lines[at]);
	const blank = (from: number, to: number) => {
		lines[at] = " ".repeat(to) + lines[at].slice(to);
		return from;
	};

	/** What stands below `parent`, which is where the line begins that it belongs to. */
	const block = (parent: number): Yaml => {
		if (isOver() || indent() <= parent) return null;
		if (isItem()) return list(indent());
		return keyOf(lines[at].trimStart()) ? mapping(indent()) : scalar(parent);
	};

	const list = (column: number): Yaml[] => {
		const items: Yaml[] = [];
		while (!isOver() && indent() === column && isItem()) {
			blank(column, column + 1);
			items.push(block(column));
		}
		return items;
	};

	const mapping = (column: number): Map<string, Yaml> => {
		const found = new Map<string, Yaml>();
		while (!isOver() && indent() === column && !isItem()) {
			const key = keyOf(lines[at].slice(column));
			if (!key) return broken("a key was expected");
			if (found.has(key.name)) broken(`"${key.name}" is there twice`);
			blank(column, column + key.length);
			if (!/^\s*(#|$)/.test(lines[at])) found.set(key.name, scalar(column));
			else if (!isOver() && indent() === column && isItem())
				found.set(key.name, list(column));
			else found.set(key.name, block(column));
		}
		if (!isOver() && indent() > column) broken("it is indented too far");
		return found;
	};

	/** A value that begins on this line; those that follow belong to it as far as they are below `parent`. */
	const scalar = (parent: number): Yaml => {
		const first = lines[at].trimStart();
		if (/^[&*!%@`]|^\?(\s|$)/.test(first))
			return broken(`${first.slice(0, 20)} is not understood`);
		if (/^[|>]/.test(first)) return literal(parent, first[0]);
		const belongs = () =>
			at + 1 < lines.length && isBelow(lines[at + 1], parent);
		if (!/^["'[{]/.test(first)) return plain(belongs);
		let text = first;
		for (;;) {
			const found = flow(text);
			if (found) {
				if (!/^\s*(#.*)?$/.test(text.slice(found.end)))
					broken("something stands behind a value");
				at++;
				return found.value;
			}
			if (!belongs() && !/^[[{]/.test(first))
				broken("a quotation mark is open");
			if (++at >= lines.length || text.length > LONGEST)
				broken("a bracket or quotation mark is open");
			text += `\n${lines[at]}`;
		}
	};

	const plain = (belongs: () => boolean): Yaml => {
		const parts: string[] = [];
		for (;;) {
			const part = uncommented(lines[at]);
			if (/:(\s|$)/.test(part)) broken("a value has a colon");
			parts.push(part);
			if (!belongs() || lines[at].includes(" #")) break;
			at++;
		}
		at++;
		const text = parts.join("\n");
		return isNull(text.trim()) ? null : folded(text).trim();
	};

	/** Lines as they are, or folded. */
	const literal = (parent: number, style: string): string => {
		const own: string[] = [];
		for (at++; at < lines.length; at++) {
			if (lines[at].trim() !== "" && indent() <= parent) break;
			own.push(lines[at].trim());
		}
		return own.join(style === "|" ? "\n" : " ").trim();
	};

	const value = block(-1);
	if (!isOver()) broken("it is not understood");
	return value;
}

/** A value in brackets or quotation marks has no more characters. */
const LONGEST = 100_000;

/** Whether a line that follows a value belongs to it. */
function isBelow(line: string, parent: number): boolean {
	return line.trim() === "" || line.length - line.trimStart().length > parent;
}

function uncommented(line: string): string {
	const comment = line.search(/(^|\s)#/);
	return (comment < 0 ? line : line.slice(0, comment)).trim();
}

/** The key with which a line of a mapping begins, and how many characters it takes with its colon. */
function keyOf(line: string): { name: string; length: number } | undefined {
	const quoted = /^["']/.test(line) && flow(line);
	if (quoted) {
		const colon = /^\s*:(?=\s|$)/.exec(line.slice(quoted.end));
		if (!colon || typeof quoted.value !== "string") return undefined;
		return { name: quoted.value, length: quoted.end + colon[0].length };
	}
	if (/^[\s,[\]{}#&*!|>'"%@`]|^[-?:](\s|$)/.test(line)) return undefined;
	const end = line.search(/\s#|:(\s|$)/);
	if (end < 0 || line[end] !== ":") return undefined;
	return { name: line.slice(0, end).trim(), length: end + 1 };
}
