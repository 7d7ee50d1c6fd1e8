import {
	type Completion,
	completion,
	inspection,
	type QuickInfo,
} from "./assistance";
import { keepAssigned } from "./declarations";
import { compileFailure, type Failure } from "./failure";
import { magicsIn } from "./magics";
import type { CellCode, Outcome } from "./messages";
import { mapComment } from "./source-map";
import { tslabRequire } from "./tslab";
import { sourceMaps, ts, untyped } from "./typescript";
import { uncheckedImports } from "./untyped";

interface Finding {
	start: { line: number; character: number };
	messageText: string;
	code: number;
	fileName?: string;
}

/** What tslab makes of a cell. */
interface Converted {
	diagnostics: Finding[];
	output?: string;
	declOutput?: string;
	hasToplevelAwait?: boolean;
	lastExpressionVar?: string;
	sideOutputs?: { path: string; data: string }[];
}

interface Converter {
	convert(declarations: string, code: string): Converted;
	addModule(name: string, code: string, meta: object): Finding[];
	inspect(
		declarations: string,
		code: string,
		at: number,
	): QuickInfo | undefined;
	complete(declarations: string, code: string, at: number): Completion;
	close(): void;
}

/** A cell that was compiled, or why it was not. */
export type Compiled =
	| { failure: Failure }
	| {
			code: CellCode;
			/** What the user should know, without the cell being wrong. */
			warnings: string[];
			/** Remembers what the cell declares, once it is done. */
			settle(outcome: Pick<Outcome, "failure" | "assigned">): void;
	  };

/** Compiles cells, each with what the earlier ones declare. */
export interface Compiler {
	/** `file`: the name that stack traces show. */
	compile(code: string, file: string): Compiled;
	complete(code: string, at: number): Completion;
	/** What is known of the name at a position, as text; of the function whose arguments are there, where there is no name. */
	inspect(code: string, at: number): string | undefined;
	/** Forgets all variables. */
	reset(): void;
	close(): void;
}

const { createConverter } = tslabRequire("./converter.js");
const { getCodeMetadata } = tslabRequire("./metadata.js");

/** The version of TypeScript that checks the cells. */
export const typescriptVersion: string = ts.version;

/** What declares variables undefined before the code of a cell: it would wipe out what earlier cells gave them. */
const clearing = /^exports\.[^\s;]+ = (?:exports\.[^\s;]+ = )*void 0;$/gm;
const exported =
	/^exports\.([^\s;]+) = |^Object\.defineProperty\(exports, "([^"]+)"/gm;

/** Starts the compiler for the cells of a notebook in the folder that this process runs in. */
export function createCompiler(): Compiler {
	const converter: Converter = createConverter({
		isJS: false,
		isBrowser: false,
	});
	let declarations = ""; // of the variables, as the text of a declaration file
	let versions = 0;

	const compile = (code: string, file: string): Compiled => {
		const { module, ...meta } = getCodeMetadata(code);
		if (module) {
			const findings = converter.addModule(module, code, meta).map(line);
			return done([], findings);
		}
		const converted = converter.convert(declarations, code);
		const findings = ofTheCell(converted.diagnostics, code);
		if (findings.length) {
			const magics = magicsIn(code, findings);
			const told = magics.length ? magics : findings.map(line);
			return { failure: compileFailure(told, code) };
		}
		const before = declarations;
		const after = converted.declOutput ?? "";
		const cell = cellCode(converted, file);
		return {
			code: { ...cell, unchecked: uncheckedImports(ts, code, untyped) },
			warnings: shadowed(before, code),
			settle: ({ failure, assigned }) => {
				const left = failure
					? keepAssigned(ts, before, after, cell.names, assigned)
					: after;
				// tslab has removed in memory what the cell replaced: a text of its own lets the compiler read all of it again
				declarations = cell.names.length ? `${left}\n// ${++versions}\n` : left;
			},
		};
	};

	return {
		compile,
		complete: (code, at) =>
			completion(converter.complete(declarations, code, at), code, at),
		inspect: (code, at) =>
			inspection((at) => converter.inspect(declarations, code, at), code, at),
		reset: () => {
			declarations = "";
		},
		close: () => converter.close(),
	};
}

/** A cell with nothing to run. */
function done(names: string[], warnings: string[]): Compiled {
	const code = { js: "", async: false, file: "", names, modules: [] };
	return { code, warnings, settle: () => {} };
}

/** The findings without those that only concern what tslab writes behind the cell, where there are others. */
function ofTheCell(findings: Finding[], code: string): Finding[] {
	const lines = code.split("\n").length;
	const own = findings.filter((f) => f.fileName || f.start.line < lines);
	return own.length ? own : findings;
}

/** A finding as "line:column - text", behind the file where it is not the cell. */
function line({ fileName, start, messageText, code }: Finding): string {
	const file = fileName ? `${fileName} ` : "";
	const text = `${file}${start.line + 1}:${start.character + 1} - ${messageText}`;
	return `${text}${hint(messageText, code)}`;
}

const cannotFindModule = 2307;
const cannotFindName = 2304;
const redeclaredExport = 2323;

/** What to do about a finding, where its text alone does not say. */
function hint(text: string, code: number): string {
	const [, name = ""] = /'([^']+)'/.exec(text) ?? [];
	if (code === cannotFindModule && /^(@[\w.-]+\/)?\w[\w.-]*(\/|$)/.test(name)) {
		const parts = name.split("/");
		const pack = parts.slice(0, name.startsWith("@") ? 2 : 1).join("/");
		return ` To install it: npm install ${pack}`;
	}
	if (code === redeclaredExport)
		return " A cell needs no export: what it declares is there for all cells.";
	if (code === cannotFindName && name === "using")
		return ` The compiler of the cells, TypeScript ${ts.version}, has no using yet: call [Symbol.dispose]() in a finally instead.`;
	return "";
}

function cellCode(converted: Converted, file: string): CellCode {
	const { output = "", lastExpressionVar, sideOutputs = [] } = converted;
	const names = [...output.matchAll(exported)]
		.map(([, assigned, defined]) => assigned ?? defined)
		.filter((name) => name !== "__esModule" && name !== lastExpressionVar);
	const all = [...output.matchAll(clearing)].flatMap(([statement]) =>
		[...statement.matchAll(/exports\.([^\s;]+) =/g)].map(([, name]) => name),
	);
	const body = output.replace(clearing, "");
	return {
		js: `${body}\n${mapComment(sourceMaps.first, sourceMaps.second, file)}`,
		// tslab overlooks `await (x)`, `await [x][0]` and `for await`, and would run them where await is not defined
		async: converted.hasToplevelAwait || awaitsAtTop(body),
		file,
		value: lastExpressionVar,
		names: [...new Set([...all, ...names])].filter(
			(name) => name !== lastExpressionVar,
		),
		modules: sideOutputs,
	};
}

/** Whether code awaits outside of its functions. */
function awaitsAtTop(code: string): boolean {
	const awaits = (node: import("typescript").Node): boolean =>
		ts.isAwaitExpression(node) ||
		(ts.isForOfStatement(node) && !!node.awaitModifier) ||
		(!ts.isFunctionLike(node) && !!ts.forEachChild(node, awaits));
	return awaits(
		ts.createSourceFile("cell.js", `export {};${code}`, ts.ScriptTarget.Latest),
	);
}

/** A warning for each module that an earlier cell imported and whose name this cell gives to something else. */
function shadowed(declarations: string, code: string): string[] {
	const imports = /^import \* as (\S+) from ("[^"]+");$/gm;
	return [...declarations.matchAll(imports)].flatMap(
		([statement, name, from]) =>
			new RegExp(
				`^(?:const|let|var|function|class)\\s+${name.replaceAll("$", "\\$")}(?![\\w$])`,
				"m",
			).test(code)
				? [
						`From here on ${name} is what this cell declares and no longer the module ${from}: to have the module back, run ${statement}`,
					]
				: [],
	);
}
