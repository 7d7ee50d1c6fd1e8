/** A value of YAML; every scalar stays the text that was written, and null is what stands for nothing. */
export type Yaml = string | null | Yaml[] | Map<string, Yaml>;

/** Whether a plain scalar stands for nothing. */
export const isNull = (text: string) => /^(|~|null|Null|NULL)$/.test(text);

/** Line ends inside a scalar: one is a space, more are as many less one. */
export function folded(text: string): string {
	const [first, ...rest] = text.split("\n");
	let ends = 0;
	let found = rest.length ? first.trimEnd() : first;
	for (const [i, line] of rest.entries()) {
		ends++;
		const isLast = i === rest.length - 1;
		const part = isLast ? line.trimStart() : line.trim();
		if (part === "" && !isLast) continue;
		found += (ends === 1 ? " " : "\n".repeat(ends - 1)) + part;
		ends = 0;
	}
	return found;
}

/** A quoted scalar, or a mapping or list in brackets, from the text's beginning; undefined where the text ends before it. */
export function flow(text: string): { value: Yaml; end: number } | undefined {
	let at = 0;
	const open = new Error();
	const space = () => {
		at += /^(\s|(?<=\s)#.*)*/.exec(text.slice(at))?.[0].length ?? 0;
		if (at >= text.length) throw open;
	};
	const quoted = (mark: string): string => {
		const whole = (
			mark === "'" ? /^'((?:[^']|'')*)'(?!')/ : /^"((?:[^"\\]|\\[\s\S])*)"/
		).exec(text.slice(at));
		if (!whole) throw open;
		at += whole[0].length;
		return mark === "'"
			? folded(whole[1]).replaceAll("''", "'")
			: unescaped(whole[1]);
	};
	const plain = (): string => {
		const [found] = /^(?:(?!\s#|:[\s,[\]{}]|[,[\]{}])[\s\S])*/.exec(
			text.slice(at),
		) ?? [""];
		if (found === "" || /^[&*!|>%@`]/.test(found))
			throw new Error(`${text.slice(at, at + 20)} is not understood`);
		at += found.length;
		return folded(found).trim();
	};
	const value = (): Yaml => {
		space();
		if (text[at] === "[") return items("]", () => value());
		if (text[at] === "{") {
			const pairs = items("}", pair);
			return new Map(pairs);
		}
		if (/["']/.test(text[at])) return quoted(text[at]);
		const found = plain();
		return isNull(found) ? null : found;
	};
	const pair = (): [string, Yaml] => {
		const key = /["']/.test(text[at]) ? quoted(text[at]) : plain();
		space();
		if (text[at] !== ":") return [key, null];
		at++;
		space();
		return [key, /[,}]/.test(text[at]) ? null : value()];
	};
	const items = <T>(close: string, one: () => T): T[] => {
		const found: T[] = [];
		at++;
		for (space(); text[at] !== close; space()) {
			found.push(one());
			space();
			if (text[at] === ",") at++;
			else if (text[at] !== close)
				throw new Error(`${text.slice(at, at + 20)} is not understood`);
		}
		at++;
		return found;
	};
	try {
		return { value: value(), end: at };
	} catch (error) {
		if (error === open) return undefined;
		throw error;
	}
}

const escapes: Record<string, string> = {
	"0": "\0",
	a: "\x07",
	b: "\b",
	t: "\t",
	n: "\n",
	v: "\v",
	f: "\f",
	r: "\r",
	e: "\x1b",
	N: "\x85",
	_: "\xa0",
	L: "\u2028",
	P: "\u2029",
};

function unescaped(text: string): string {
	return folded(text.replace(/\\\r?\n\s*/g, "")).replace(
		/\\(?:x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|([\s\S]))/g,
		(_, x, u, long, letter) => {
			const code = x ?? u ?? long;
			if (code === undefined) return escapes[letter] ?? letter;
			return Number.parseInt(code, 16) > 0x10ffff
				? "\ufffd"
				: String.fromCodePoint(Number.parseInt(code, 16));
		},
	);
}
