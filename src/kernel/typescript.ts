import type * as typescript from "typescript";
import { withAwaitHints } from "./awaits";
import { ownOptions } from "./options";
import { projectFor } from "./project";
import { tslabRequire } from "./tslab";
import { withoutUntyped } from "./untyped";

const name = "@tslab/typescript-for-tslab";

type TypeScript = typeof typescript;
type AnyFunction = (...args: unknown[]) => unknown;

/** The file in which tslab keeps what earlier cells declare. */
const declarationsFile = /__prev__\.d\.ts$/;

/** The source maps of the two steps in which the cell at hand was compiled, as JSON. */
export const sourceMaps = { first: "", second: "" };

/** The packages without types that the cell at hand, or a file beside it, imports. */
export const untyped = new Set<string>();

/**
 * Puts a copy of tslab's TypeScript in the place of the original, which checks strictly, follows the `exports` of
 * packages and leaves source maps behind; the stock kernel has no setting for that. The original's own properties cannot
 * be replaced.
 */
function strictTypeScript(): TypeScript {
	const project = projectFor(process.cwd());
	let checker: typescript.TypeChecker | undefined; // of the cell at hand
	const original = tslabRequire(name) as TypeScript & {
		getPreEmitDiagnosticsOfFiles(
			program: typescript.Program,
			...args: unknown[]
		): typescript.Diagnostic[];
	};
	const copy = {
		createWatchCompilerHost: (
			files: string[],
			options: typescript.CompilerOptions,
			system: typescript.System,
			...rest: unknown[]
		) =>
			keepingFirstMap(
				(original.createWatchCompilerHost as AnyFunction)(
					files,
					{
						...options,
						...ownOptions(options),
						strict: true,
						sourceMap: true,
						moduleResolution: original.ModuleResolutionKind.Bundler,
						...(project && { paths: { [project.name]: [project.main] } }),
					},
					onlyRealChanges(withManyTimers(system)),
					...rest,
				) as Host,
			),
		transpileModule: (code: string, options: typescript.TranspileOptions) => {
			const compilerOptions = { ...options.compilerOptions, sourceMap: true };
			const done = original.transpileModule(code, {
				...options,
				compilerOptions,
			});
			sourceMaps.second = done.sourceMapText ?? "";
			return { ...done, outputText: withoutComment(done.outputText) };
		},
		getPreEmitDiagnosticsOfFiles: (
			program: typescript.Program,
			files: typescript.SourceFile[],
			...args: unknown[]
		) => {
			checker = program.getTypeChecker();
			untyped.clear();
			const found = withoutUntyped(
				original.getPreEmitDiagnosticsOfFiles(program, files, ...args),
				(module) => untyped.add(module),
			);
			return withAwaitHints(original, program, files, found);
		},
		visitEachChild: (node: typescript.Node, ...rest: unknown[]) =>
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

const withoutComment = (code: string) =>
	code.replace(/\n?\/\/# sourceMappingURL=\S*\s*$/, "");

type Host =
	typescript.WatchCompilerHostOfFilesAndCompilerOptions<typescript.EmitAndSemanticDiagnosticsBuilderProgram>;

/**
 * Takes the source map out of what the compiler emits for a cell: tslab would take it for code. Files beside the notebook
 * are emitted as they are: tslab would export the value of their last line too, which makes another module of CommonJS.
 */
function keepingFirstMap(host: Host): Host {
	const create = host.createProgram;
	host.createProgram = (...args) => {
		const program = create(...args);
		const emit = program.emit;
		program.emit = (file, write, token, only, transformers) =>
			emit.call(
				program,
				file,
				(path, text, ...more) => {
					if (path.endsWith("__tslab__.js.map")) sourceMaps.first = text;
					else if (!path.endsWith(".map"))
						write?.(path, withoutComment(text), ...more);
				},
				token,
				only,
				file?.fileName.endsWith("/__tslab__.ts") ? transformers : undefined,
			);
		return program;
	};
	return host;
}

/**
 * `{ a }` as `{ a: exports.a }` where an earlier cell declares a: tslab keeps variables on `exports` and puts that before
 * every name, but overlooks this form. Undefined for all else.
 */
function longForm(
	ts: TypeScript,
	checker: typescript.TypeChecker | undefined,
	node: typescript.Node,
): typescript.Node | undefined {
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
function withManyTimers(system: typescript.System): typescript.System {
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

/**
 * tslab says before each step that what earlier cells declare has changed, and the compiler reads all of it again. It
 * hears of that only where it is true: else every cell would take longer than the one before it.
 */
function onlyRealChanges(system: typescript.System): typescript.System {
	const watchFile: typescript.System["watchFile"] = (
		path,
		changed,
		...rest
	) => {
		if (!declarationsFile.test(path) || !system.watchFile)
			return system.watchFile?.(path, changed, ...rest) ?? { close: () => {} };
		let known: string | undefined;
		const ifNew: typeof changed = (...change) => {
			const text = system.readFile(path);
			if (text === known) return;
			known = text;
			changed(...change);
		};
		return system.watchFile(path, ifNew, ...rest);
	};
	return Object.assign(Object.create(system), { watchFile });
}

/** The TypeScript that checks the cells. */
export const ts = strictTypeScript();
