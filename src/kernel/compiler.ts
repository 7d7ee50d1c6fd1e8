import { createRequire } from "node:module";
import { dirname, join } from "node:path";

// tslab compiles, checks, runs, completes and inspects cells. It has no public interface for that: these are its own
// files, hence exactly version 1.0.22 in package.json.
const folder = dirname(require.resolve("tslab/package.json"));
const tslabRequire = createRequire(join(folder, "dist/main.js"));

interface Converted {
	output?: string;
	hasToplevelAwait?: boolean;
}

interface Converter {
	convert(declarations: string, code: string): Converted;
	close(): void;
}

/** tslab's executor: it keeps the variables of the cells. */
export interface Executor {
	/** Runs a cell; false when it failed. What it evaluates to and why it failed goes to the console given. */
	execute(code: string): Promise<boolean>;
	inspect(code: string, position: number): object | undefined;
	complete(
		code: string,
		position: number,
	): { start: number; end: number; candidates: string[] };
	/** Ends a cell that awaits something. */
	interrupt(): void;
	close(): void;
}

type Console = Record<"log" | "error", (...args: unknown[]) => void>;
type TypeScript = typeof import("typescript");

/** The file in which tslab keeps what earlier cells declare. */
const declarationsFile = /__prev__\.d\.ts$/;

const ts = strictTypeScript();
const { createConverter, isCompleteCode } = tslabRequire("./converter.js");
const { createExecutor } = tslabRequire("./executor.js");
const { printQuickInfo } = tslabRequire("./inspect.js");

/** The version of TypeScript that checks the cells. */
export const typescriptVersion: string = ts.version;

/**
 * Puts a copy of tslab's TypeScript in the place of the original, which checks strictly and follows the `exports` of
 * packages; the stock kernel has no setting for that. The original's own properties cannot be replaced.
 */
function strictTypeScript(): TypeScript {
	type AnyFunction = (...args: unknown[]) => unknown;
	let checker: import("typescript").TypeChecker | undefined; // of the cell at hand
	const name = "@tslab/typescript-for-tslab";
	const original = tslabRequire(name) as TypeScript & {
		getPreEmitDiagnosticsOfFiles(
			program: import("typescript").Program,
			...args: unknown[]
		): import("typescript").Diagnostic[];
	};
	const copy = {
		createWatchCompilerHost: (
			files: string[],
			options: object,
			system: import("typescript").System,
			...rest: unknown[]
		) =>
			(original.createWatchCompilerHost as AnyFunction)(
				files,
				{
					...options,
					strict: true,
					moduleResolution: original.ModuleResolutionKind.Bundler,
				},
				withManyTimers(system),
				...rest,
			),
		// a package without types is no mistake of the cell that imports it
		getPreEmitDiagnosticsOfFiles: (
			program: import("typescript").Program,
			...args: unknown[]
		) => {
			checker = program.getTypeChecker();
			return original
				.getPreEmitDiagnosticsOfFiles(program, ...args)
				.filter(({ code }) => code !== 7016);
		},
		visitEachChild: (node: import("typescript").Node, ...rest: unknown[]) =>
			longForm(original, checker, node) ??
			(original.visitEachChild as AnyFunction)(node, ...rest),
	};
	for (const key of Object.keys(original) as (keyof TypeScript)[]) {
		if (key in copy) continue;
		Object.defineProperty(copy, key, {
			enumerable: true,
			get: () => original[key],
		});
	}
	const module = require.cache[tslabRequire.resolve(name)];
	if (module) module.exports = copy;
	return copy as unknown as TypeScript;
}

/**
 * `{ a }` as `{ a: exports.a }` where an earlier cell declares a: tslab keeps variables on `exports` and puts that before
 * every name, but overlooks this form. Undefined for all else.
 */
function longForm(
	ts: TypeScript,
	checker: import("typescript").TypeChecker | undefined,
	node: import("typescript").Node,
): import("typescript").Node | undefined {
	if (!ts.isShorthandPropertyAssignment(node)) return undefined;
	const written = ts.getOriginalNode(node);
	const symbol = checker?.getShorthandAssignmentValueSymbol(written);
	const cell = written.getSourceFile();
	const earlier = symbol?.declarations?.some((declaration) => {
		const { fileName } = declaration.getSourceFile();
		return fileName !== cell.fileName && declarationsFile.test(fileName);
	});
	if (!earlier) return undefined;
	const { factory } = ts;
	return factory.createPropertyAssignment(
		node.name,
		factory.createPropertyAccessExpression(
			factory.createIdentifier("exports"),
			node.name,
		),
	);
}

/**
 * tslab has room for one timer of the compiler's, that for a new program, which it calls before each cell. But when a
 * file appears in a folder where the compiler looked for one, it sets a second timer, and from then on every cell would
 * fail. Other timers than the first become ordinary ones.
 */
function withManyTimers(
	system: import("typescript").System,
): import("typescript").System {
	const timers = new Set<unknown>();
	return Object.assign(Object.create(system), {
		setTimeout: (callback: () => void, ms: number) => {
			if (callback.name === "updateProgramWithWatchStatus") {
				return system.setTimeout?.(callback, ms);
			}
			const timer = setTimeout(callback, ms);
			timers.add(timer);
			return timer;
		},
		clearTimeout: (timer: unknown) => {
			if (timers.delete(timer)) clearTimeout(timer as NodeJS.Timeout);
			else system.clearTimeout?.(timer);
		},
	});
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

/**
 * Starts the compiler for the cells of a notebook in the folder that this process runs in. `console.log` receives the
 * value of a cell, `console.error` what was thrown or, a line each, what the compiler finds wrong.
 */
export function createCellExecutor(console: Console): Executor {
	const converter: Converter = createConverter({
		isJS: false,
		isBrowser: false,
	});
	const convert: Converter["convert"] = (declarations, code) => {
		const converted = converter.convert(declarations, code);
		// tslab overlooks `await (x)`, `await [x][0]` and `for await`, and would run them where await is not defined
		if (converted.output) {
			converted.hasToplevelAwait ||= awaitsAtTop(converted.output);
		}
		return converted;
	};
	return createExecutor(
		process.cwd(),
		{ node: { ...converter, convert }, close: () => converter.close() },
		console,
	);
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

/** What the compiler knows about the name at a position, as text. */
export function inspection(
	executor: Executor,
	code: string,
	position: number,
): string | undefined {
	const info = executor.inspect(code, position);
	return info && printQuickInfo(info);
}

/** Lets `tslab.display` in a cell show through this kernel. */
export function serveTslabDisplay(
	publish: (
		content: { data: Record<string, unknown> },
		update: boolean,
	) => void,
): void {
	tslabRequire("./jupyter.js").lastWriteDisplayData = publish;
}
