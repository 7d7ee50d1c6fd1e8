// What the kernel knows about code that is being written.
import type * as typescript from "typescript";
import { mark, unmarkedTypes } from "./names";
import { tslabRequire } from "./tslab";
import { ts } from "./typescript";

const { isCompleteCode } = tslabRequire("./converter.js");
const { printQuickInfo } = tslabRequire("./inspect.js");

/** Where the candidates of a completion go, in UTF-16 units. */
export interface Completion {
	start: number;
	end: number;
	candidates: string[];
	original?: { entries?: { name: string; kind: string }[] };
}

/** What the compiler knows of a name. */
export interface QuickInfo {
	displayParts?: { text: string }[];
}

/** Calls `visit` with each node that a position lies in or touches, the outermost first. */
function nodesAround(
	code: string,
	at: number,
	visit: (node: typescript.Node, file: typescript.SourceFile) => void,
): void {
	const file = ts.createSourceFile("cell.ts", code, ts.ScriptTarget.Latest);
	const descend = (node: typescript.Node): void => {
		if (node.pos > at || node.end < at) return;
		visit(node, file);
		ts.forEachChild(node, descend);
	};
	descend(file);
}

/** Where the text of the string literal around a position begins and ends; undefined where there is none. */
function literalAround(
	code: string,
	at: number,
): { start: number; end: number } | undefined {
	let found: { start: number; end: number } | undefined;
	nodesAround(code, at, (node, file) => {
		if (!ts.isStringLiteralLike(node)) return;
		const start = node.getStart(file) + 1;
		const closed = code[node.end - 1] === code[start - 1] && node.end > start;
		if (at >= start && at <= node.end - (closed ? 1 : 0))
			found = { start, end: closed ? node.end - 1 : at };
	});
	return found;
}

/** A completion of tslab's, which in a string literal gives all that may stand there, behind the cursor. */
export function completion(
	found: Completion,
	code: string,
	at: number,
): Completion {
	const literal = found.start === at ? literalAround(code, at) : undefined;
	if (!literal) {
		const named = found.candidates.filter((name) => !name.includes(mark));
		return { ...found, candidates: named };
	}
	const begun = code.slice(literal.start, at);
	const candidates = found.candidates.filter((text) => text.startsWith(begun));
	return { ...found, ...literal, candidates };
}

/**
 * What is known of the name at a position, as text: its type and its docstring. Where there is no name but arguments of
 * a function are written, that of the function.
 */
export function inspection(
	look: (at: number) => QuickInfo | undefined,
	code: string,
	at: number,
): string | undefined {
	const info = look(at) ?? look(calleeAround(code, at));
	if (!info) return undefined;
	const text = unmarkedTypes(printQuickInfo(info));
	return unwrapped(
		text.replace(/^\(alias\) /, "").replace(/^(.*)\nexport [\w$]+$/m, "$1"),
	);
}

/** A text whose paragraphs are one line each: the box that shows it is narrower than the source. Lists and code stay. */
function unwrapped(text: string): string {
	return text
		.split(/\n(?=\n)/)
		.map((part) =>
			/```|^ {2,}/m.test(part)
				? part
				: part.replace(/(?<=\S)\n(?=[^\s@*-])(?!\d+[.)])/g, " "),
		)
		.join("\n");
}

/** The position of the function whose arguments are written at a position; the position itself where there is none. */
function calleeAround(code: string, at: number): number {
	let found = at;
	const end = code.slice(0, at).trimEnd().length; // of what is written of an open call
	nodesAround(code, end, (node) => {
		const call = ts.isCallExpression(node) || ts.isNewExpression(node);
		if (call && node.expression.end < end) found = node.expression.end - 1;
	});
	return found;
}

/** Whether code can be run as it stands, needs more lines (with this indentation), or is wrong. */
export function completeness(code: string): {
	status: "complete" | "incomplete" | "invalid";
	indent?: string;
} {
	const { completed, indent } = isCompleteCode(code);
	if (!completed) return { status: "incomplete", indent };
	const { diagnostics } = ts.transpileModule(code, {
		reportDiagnostics: true,
		compilerOptions: {
			target: ts.ScriptTarget.ESNext,
			module: ts.ModuleKind.ESNext,
		},
	});
	return { status: diagnostics?.length ? "invalid" : "complete" };
}
