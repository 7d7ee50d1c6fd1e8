import { inspect, types } from "node:util";
import { unmarked } from "./names";

/** The fields of a Jupyter error. */
export interface Failure {
	ename: string;
	evalue: string;
	traceback: string[];
}

/** The folder that the files of cells pretend to lie in: stack traces show it. */
export const cellFolder = "/notebook/";

const ofTheKernel =
	/^\s+at .*(\(node:|at node:|[\\/]tslab[\\/]dist[\\/]|[\\/]src[\\/]kernel[\\/]|[\\/]dist[\\/]kernel[\\/])/;

/** What Node puts before the stack of an error that no code caught: a place, the line there, and a mark under it. */
const place = /^\S[^\n]*:\d+\n[^\n]*\n\s*\^+\n+/;

/** Leaves out the frames of the kernel and of Node. */
function readable(stack: string): string[] {
	const lines: string[] = [];
	for (const line of stack.replace(place, "").split("\n")) {
		if (!ofTheKernel.test(line)) lines.push(ofTheCell(line));
		else if (line.endsWith(" {") && lines.length) {
			lines.push(`${lines.pop()} {`); // what follows are the error's own properties
		}
	}
	return lines;
}

/** A frame "at module.exports (/notebook/cell 3:1:2)" as "at cell 3:1:2". */
function ofTheCell(line: string): string {
	if (!line.includes(cellFolder)) return line;
	return line
		.replace(/(?:file:\/\/)?\/notebook\/(cell|code)(?:%20| )/, "$1 ")
		.replace(
			/at (async )?(?:Object\.|module\.)?(?:<anonymous>|exports|module\.exports) \(((?:cell|code) [^)]*)\)/,
			"at $1$2",
		);
}

/** The failure of a cell that a user interrupted. */
export const interrupted: Failure = {
	ename: "Interrupted",
	evalue: "the cell was interrupted",
	traceback: ["Interrupted: the cell was interrupted"],
};

/** Node's error where a module has to be waited for; its advice is not one for cells. */
const awaiting = {
	code: "ERR_REQUIRE_ASYNC_MODULE",
	sentence:
		"A module that this cell imports has an await at its top, which an import here cannot wait for: put what it awaits into a function that it exports, and await that in the cell.",
};

/** The failure that a thrown value makes. */
export function failureOf(thrown: unknown): Failure {
	const { message, name, code } = (thrown ?? {}) as Record<string, unknown>;
	if (name === interrupted.ename) return interrupted; // the reason of a cell's own signal
	if (code === awaiting.code) return failureOf(new Error(awaiting.sentence));
	if (!types.isNativeError(thrown) && !(thrown instanceof Error)) {
		const text = cut(inspect(thrown));
		return {
			ename: typeof thrown,
			evalue: typeof thrown === "string" ? cut(thrown) : text,
			traceback: [`Thrown: ${text}`],
		};
	}
	return {
		ename: String(name || "Error"),
		evalue: cut(unmarked(String(message))),
		traceback: readable(cut(unmarked(inspect(thrown)))),
	};
}

const most = 100_000; // characters of a value or an error that are shown

/** A text of at most 100,000 characters, with the number of those left out. */
export function cut(text: string): string {
	if (text.length <= most) return text;
	const left = (text.length - most).toLocaleString("en-US");
	return `${text.slice(0, most)}… (${left} more characters are not shown)`;
}

/** A line of a cell with a mark under one of its columns; both count from 1. */
function marked(code: string, line: number, column: number): string[] {
	const text = (code.split("\n")[line - 1] ?? "").replaceAll("\t", " ");
	if (text.length > 500) return [];
	return [`    ${text}`, `    ${" ".repeat(column - 1)}^`];
}

/** The failure of a cell that does not compile: each finding ("line:column - text") with its line of the cell. */
export function compileFailure(findings: string[], code: string): Failure {
	let last = "";
	const traceback = findings.flatMap((finding) => {
		const at = /^(\d+):(\d+) - /.exec(finding);
		if (!at || at[0] === last) return [finding];
		last = at[0];
		return [finding, ...marked(code, Number(at[1]), Number(at[2]))];
	});
	return {
		ename: "CompileError",
		evalue: findings[0] ?? "the cell cannot be compiled",
		traceback,
	};
}

/** A failure with the line of the cell in which it came about, where a frame tells it. `codes`: the cells by file. */
export function withLine(
	failure: Failure,
	codes: ReadonlyMap<string, string>,
): Failure {
	for (const frame of failure.traceback) {
		const at = /^\s+at .*\b((?:cell|code) \d+):(\d+):(\d+)\)?/.exec(frame);
		const code = at && codes.get(at[1]);
		if (!code) continue;
		const shown = marked(code, Number(at[2]), Number(at[3]));
		const traceback = [
			...failure.traceback,
			"",
			`${at[1]}, line ${at[2]}:`,
			...shown,
		];
		return { ...failure, traceback };
	}
	return failure;
}
