import { statSync } from "node:fs";
import { dirname, join } from "node:path";
import type * as typescript from "typescript";
import { withAwaitHints } from "./awaits";
import type { CellFacts } from "./link";
import { ownOptions } from "./options";
import { projectFor } from "./project";
import { tslabRequire } from "./tslab";
import { withoutUntyped } from "./untyped";

const name = "@tslab/typescript-for-tslab";

type TypeScript = typeof typescript;
type AnyFunction = (...args: unknown[]) => unknown;

/** The file in which tslab keeps what earlier cells declare. */
const declarationsFile = /__prev__\.d\.ts$/;

/** What the compiler makes of the cell at hand, beside what tslab passes on. */
export const emitted = {
	/** Its code without types, as a module that exports all it declares. */
	js: "",
	/** The source map of that, as JSON. */
	map: "",
	/** What it declares, as the text of a declaration file. */
	declarations: "",
	/** What else is to be known of it. */
	facts: {
		merged: new Set<string>(),
		live: new Set<string>(),
		declaresLast: false,
	} as CellFacts,
};

/** The packages without types that the cell at hand, or a file beside it, imports. */
export const untyped = new Set<string>();

/**
 * Puts a copy of tslab's TypeScript in the place of the original, which checks strictly, follows the `exports` of
 * packages and keeps what it emits for a cell; the stock kernel has no setting for that. The original's own properties
 * cannot be replaced.
 */
function strictTypeScript(): TypeScript {
	const project = projectFor(process.cwd());
	const original = tslabRequire(name) as TypeScript & {
		getPreEmitDiagnosticsOfFiles(
			program: typescript.Program,
			...args: unknown[]
		): typescript.Diagnostic[];
	};
	const { sys } = original;
	if (sys.watchFile) sys.watchFile = notingOwnFiles(original, sys.watchFile);
	const copy = {
		createWatchCompilerHost: (
			files: string[],
			options: typescript.CompilerOptions,
			system: typescript.System,
			...rest: unknown[]
		) =>
			keepingEmitted(
				original,
				(original.createWatchCompilerHost as AnyFunction)(
					files,
					{
						...options,
						...ownOptions(options),
						strict: true,
						sourceMap: true,
						moduleResolution: original.ModuleResolutionKind.Bundler,
						pathsBasePath: "/",
						paths: {
							...(project && { [project.name]: [project.main] }),
							"package:*": packageFolders(process.cwd()),
						},
					},
					onlyRealChanges(withManyTimers(withNamesAsWritten(system))),
					...rest,
				) as Host,
			),
		// tslab makes CommonJS modules of all code; that of a cell is made ready by link.ts
		transpileModule: (code: string, options: typescript.TranspileOptions) =>
			code === ofTheCell
				? { outputText: code }
				: original.transpileModule(code, options),
		// a package without types is no mistake of the cell that imports it, nor is a type that others could not name:
		// a cell exports nothing to anybody
		getPreEmitDiagnosticsOfFiles: (
			program: typescript.Program,
			files: typescript.SourceFile[],
			...args: unknown[]
		) => {
			const options = { ...program.getCompilerOptions(), declaration: false };
			const exportingNothing = Object.assign(Object.create(program), {
				getCompilerOptions: () => options,
			});
			untyped.clear();
			const found = withoutUntyped(
				original.getPreEmitDiagnosticsOfFiles(exportingNothing, files, ...args),
				(module) => untyped.add(module),
			);
			return withAwaitHints(original, program, files, found);
		},
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

/** Where packages lie for code in a folder. */
function packageFolders(folder: string): string[] {
	const above = dirname(folder);
	const own = join(folder, "node_modules/*").slice(1);
	return above === folder ? [own] : [own, ...packageFolders(above)];
}

/**
 * Gives each file of a package a name, by which what is declared in it can be imported although the package does not
 * export it: the type of a variable may come from there.
 */
function nameFiles(files: readonly typescript.SourceFile[]): void {
	for (const file of files) {
		const [, path, , kind] =
			/\/node_modules\/(.+?)(\.d)?\.([cm]?)ts$/.exec(file.fileName) ?? [];
		if (path) file.moduleName ??= `package:${path}${kind && `.${kind}js`}`;
	}
}

const withoutComment = (code: string) =>
	code.replace(/\n?\/\/# sourceMappingURL=\S*\s*$/, "");

type Host =
	typescript.WatchCompilerHostOfFilesAndCompilerOptions<typescript.EmitAndSemanticDiagnosticsBuilderProgram>;

/** What tslab gets for the code of a cell. */
const ofTheCell = "// a cell";
const cellFile = /__tslab__\.(js\.map|js|d\.ts)$/;

/**
 * Keeps what the compiler emits for a cell. Declarations are emitted also where they have types that others could not
 * name. Of tslab's own changes only those to the declarations are made: the rest is for its own way to run a cell.
 */
function keepingEmitted(ts: TypeScript, host: Host): Host {
	const create = host.createProgram;
	host.createProgram = (...args) => {
		const program = create(...args);
		nameFiles(program.getSourceFiles());
		program.emit = (file, write, token, only, transformers) => {
			if (!file) throw new Error("tslab emits files one by one.");
			const checker = program.getProgram().getTypeChecker();
			if (file.fileName.endsWith("__tslab__.ts"))
				emitted.facts = factsOf(ts, checker, file);
			const emit = program.getProgram().emit as ForcedEmit;
			return emit(
				file,
				(path, text, ...more) => {
					const [, kind] = cellFile.exec(path) ?? [];
					const plain = path.endsWith(".js") ? withoutComment(text) : text;
					if (kind === "js") emitted.js = plain;
					if (kind === "js.map") emitted.map = plain;
					if (kind === "d.ts") emitted.declarations = plain;
					// tslab would take a source map for code
					if (path.endsWith(".map")) return;
					write?.(path, kind === "js" ? ofTheCell : plain, ...more);
				},
				token,
				only,
				{
					afterDeclarations: [
						...(transformers?.afterDeclarations ?? []),
						() => (made) =>
							withNestedVars(
								ts,
								program.getProgram().getTypeChecker(),
								file,
								made,
							),
					],
				},
				true,
			);
		};
		return program;
	};
	return host;
}

function factsOf(
	ts: TypeScript,
	checker: typescript.TypeChecker,
	file: typescript.SourceFile,
): CellFacts {
	const merged = new Set<string>();
	const live = new Set<string>();
	let declaresLast = false;
	for (const statement of file.statements) {
		if (ts.isExportDeclaration(statement)) continue;
		const isMerged =
			ts.isEnumDeclaration(statement) || ts.isModuleDeclaration(statement);
		if (isMerged) merged.add(statement.name.text);
		declaresLast = isMerged || ts.isClassDeclaration(statement);
		if (!ts.isImportDeclaration(statement)) continue;
		const { namedBindings } = statement.importClause ?? {};
		if (!namedBindings || !ts.isNamedImports(namedBindings)) continue;
		for (const { name } of namedBindings.elements)
			if (isChanging(ts, checker, name)) live.add(name.text);
	}
	return { merged, live, declaresLast };
}

/** Whether an imported name is a variable of one of the user's own files that is no constant. */
function isChanging(
	ts: TypeScript,
	checker: typescript.TypeChecker,
	name: typescript.Identifier,
): boolean {
	const symbol = checker.getSymbolAtLocation(name);
	const declaration =
		symbol && checker.getAliasedSymbol(symbol).valueDeclaration;
	return (
		declaration !== undefined &&
		(ts.isVariableDeclaration(declaration) ||
			ts.isBindingElement(declaration)) &&
		!declaration.getSourceFile().isDeclarationFile &&
		!(ts.getCombinedNodeFlags(declaration) & ts.NodeFlags.Const)
	);
}

/** A declaration file with the variables that its source declares with var inside of blocks and loops, which TypeScript omits. */
function withNestedVars(
	ts: TypeScript,
	checker: typescript.TypeChecker,
	source: typescript.SourceFile,
	made: typescript.SourceFile | typescript.Bundle,
): typescript.SourceFile | typescript.Bundle {
	if (!ts.isSourceFile(made)) return made;
	const { factory } = ts;
	const { locals = new Map<string, typescript.Symbol>() } = source as {
		locals?: Map<string, typescript.Symbol>;
	};
	const nested = [...locals.values()].flatMap((symbol) => {
		const [declaration] = symbol.declarations ?? [];
		if (!declaration || !(symbol.flags & ts.SymbolFlags.FunctionScopedVariable))
			return [];
		const statement = ts.findAncestor(declaration, ts.isVariableStatement);
		if (statement?.parent === source) return [];
		const type = checker.getTypeOfSymbolAtLocation(symbol, declaration);
		const node = checker.typeToTypeNode(
			type,
			source,
			ts.NodeBuilderFlags.NoTruncation,
		);
		return factory.createVariableStatement(
			[factory.createModifier(ts.SyntaxKind.DeclareKeyword)],
			[
				factory.createVariableDeclaration(
					symbol.name,
					undefined,
					node as typescript.TypeNode,
				),
			],
		);
	});
	return factory.updateSourceFile(made, [...made.statements, ...nested]);
}

/** `Program.emit` with TypeScript's inner parameter that makes it emit declarations in any case. */
type ForcedEmit = (
	file: typescript.SourceFile | undefined,
	write: typescript.WriteFileCallback,
	token: typescript.CancellationToken | undefined,
	only: boolean | undefined,
	transformers: typescript.CustomTransformers,
	force: true,
) => typescript.EmitResult;

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
 * tslab exports what a cell declares under the names by which TypeScript keeps it: those that begin with two underscores
 * have a third there, and with two it keeps what is no name, such as `declare global`.
 */
function withNamesAsWritten(system: typescript.System): typescript.System {
	const readFile: typescript.System["readFile"] = (path, encoding) => {
		const text = system.readFile(path, encoding);
		if (!path.endsWith("__tslab__.ts")) return text;
		return text?.replace(/(?<=\nexport \{)[^{}\n]*__[^{}\n]*(?=\}$)/, (list) =>
			list
				.split(", ")
				.filter((name) => !/^__(?!_)/.test(name))
				.map((name) => name.replace(/^___/, "__"))
				.join(", "),
		);
	};
	return Object.assign(Object.create(system), { readFile });
}

/** The user's own files that are watched: when each changed last, and whom to tell of it. */
const ownFiles = new Map<string, { time: number; tell(time: number): void }>();
const timeOf = (path: string) =>
	statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;

/** Makes sure that the compiler knows of changes in the user's files: the system may tell it only later. */
export function lookForChanges(): void {
	for (const [path, file] of ownFiles) {
		const time = timeOf(path);
		if (time !== file.time) file.tell(time);
	}
}

/** Keeps in mind which of the user's files are watched. */
function notingOwnFiles(
	ts: TypeScript,
	watchFile: NonNullable<typescript.System["watchFile"]>,
): typeof watchFile {
	return (path, changed, ...rest) => {
		const watcher = watchFile(path, changed, ...rest);
		if (/\/node_modules\/|\.d\.ts$/.test(path)) return watcher;
		const { Created, Changed, Deleted } = ts.FileWatcherEventKind;
		const file = {
			time: timeOf(path),
			tell: (time: number) => {
				const kind = !time ? Deleted : file.time ? Changed : Created;
				file.time = time;
				changed(path, kind);
			},
		};
		ownFiles.set(path, file);
		return {
			close: () => {
				ownFiles.delete(path);
				watcher.close();
			},
		};
	};
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
