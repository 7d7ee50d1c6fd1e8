import type * as typescript from "typescript";
import { withAwaitHints } from "./awaits";
import { type CellFacts, factsOf, withNestedVars } from "./facts";
import { ownOptions } from "./options";
import { nameFiles, packageFolders } from "./packages";
import { projectFor } from "./project";
import { tslabRequire } from "./tslab";
import { withoutUntyped } from "./untyped";
import {
	notingOwnFiles,
	onlyRealChanges,
	withManyTimers,
	withNamesAsWritten,
} from "./watching";

const name = "@tslab/typescript-for-tslab";

type TypeScript = typeof typescript;
type AnyFunction = (...args: unknown[]) => unknown;

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
						() => (made) => withNestedVars(ts, checker, file, made),
					],
				},
				true,
			);
		};
		return program;
	};
	return host;
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

/** The TypeScript that checks the cells. */
export const ts = strictTypeScript();
