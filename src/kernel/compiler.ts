import {
	type Completion,
	completion,
	inspection,
	type QuickInfo,
} from "./assistance";
import { declarationsAfter } from "./declarations";
import { mapComment } from "./edits";
import { compileFailure, type Failure } from "./failure";
import { linkCell, type Names } from "./link";
import { magicsIn } from "./magics";
import type { CellCode, Outcome } from "./messages";
import { unmarkedTypes } from "./names";
import { tslabRequire } from "./tslab";
import { emitted, ts, untyped } from "./typescript";
import { uncheckedImports } from "./untyped";
import { lookForChanges } from "./watching";

interface Finding {
	start: { line: number; character: number };
	messageText: string;
	code: number;
	fileName?: string;
}

/** What tslab makes of a cell. */
interface Converted {
	diagnostics: Finding[];
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

/** Starts the compiler for the cells of a notebook in the folder that this process runs in. */
export function createCompiler(): Compiler {
	const converter: Converter = createConverter({
		isJS: false,
		isBrowser: false,
	});
	let declarations = ""; // of the variables, as the text of a declaration file
	let known: Names = new Map(); // those of them that hold values
	let written = new Set<string>(); // those that functions of earlier cells write
	let versions = 0;

	const compile = (code: string, file: string): Compiled => {
		const { module, ...meta } = getCodeMetadata(code);
		if (module) {
			const findings = converter.addModule(module, code, meta).map(line);
			return done(findings);
		}
		lookForChanges();
		const converted = converter.convert(declarations, code);
		const findings = ofTheCell(converted.diagnostics, code);
		if (findings.length) {
			const magics = magicsIn(code, findings);
			const told = magics.length ? magics : findings.map(line);
			return { failure: compileFailure(told, code) };
		}
		const { js: compiled, map, declarations: text } = emitted;
		const linked = linkCell(compiled, known, emitted.facts);
		const { js, edits, async, names, vars, guarded } = linked;
		const all = [...names.keys()];
		const constants = all.filter((name) => names.get(name)?.constant);
		return {
			code: {
				js: `${js}\n${mapComment(map, compiled, edits, file)}`,
				async,
				file,
				names: all,
				vars,
				guarded,
				constants,
				fixed: constants.filter((name) => written.has(name)),
				modules: converted.sideOutputs ?? [],
				unchecked: uncheckedImports(ts, code, untyped),
			},
			warnings: shadowed(declarations, code),
			settle: ({ failure, assigned }) => {
				const declared = {
					text,
					names: all,
					assigned: failure ? assigned : all,
				};
				const left = declarationsAfter(ts, declarations, declared);
				// tslab has changed in memory what it read: a text of its own lets the compiler read all of it again
				if (/\S/.test(text)) declarations = `${left}\n// ${++versions}\n`;
				for (const name of linked.written) written.add(name);
				known = new Map([
					...known,
					...[...names].filter(([name]) => declared.assigned.includes(name)),
				]);
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
			known = new Map();
			written = new Set();
		},
		close: () => converter.close(),
	};
}

/** A cell with nothing to run. */
function done(warnings: string[]): Compiled {
	const code = {
		js: "",
		async: false,
		file: "",
		names: [],
		vars: [],
		constants: [],
		fixed: [],
		guarded: [],
		modules: [],
	};
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
	const text = `${file}${start.line + 1}:${start.character + 1} - ${unmarkedTypes(messageText)}`;
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
