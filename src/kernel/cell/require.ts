import { statSync } from "node:fs";
import Module, { createRequire } from "node:module";
import { dirname, join, normalize, resolve, sep } from "node:path";
import type { CellCode } from "../messages";

type Exports = Record<string, unknown>;

/** What the kernel needs of Node's inner class: a module that is compiled from text, with its source map. */
export type CompilableModule = Module & {
	_compile(code: string, file: string): unknown;
};

const isCompiled = (module: unknown) => (module as Exports)?.__esModule;
const wholes = new WeakMap<object, object>();

/** A module as `import * as` sees it: one that was no ES module gets a default. */
export function all(module: unknown): unknown {
	if (isCompiled(module)) return module;
	const isObject =
		typeof module === "function" ||
		(typeof module === "object" && module !== null);
	const known = isObject ? wholes.get(module) : undefined;
	if (known) return known;
	const whole = {};
	for (const key of isObject ? Object.keys(module) : [])
		Object.defineProperty(whole, key, {
			enumerable: true,
			get: () => (module as Exports)[key],
		});
	Object.defineProperty(whole, "default", { enumerable: true, value: module });
	if (isObject) wholes.set(module, whole);
	return whole;
}

/** A module as `import x from` sees it. */
export const defaultOf = (module: unknown): unknown =>
	isCompiled(module) ? module : { default: module };

const project = resolve(__dirname, "../../..") + sep;
const isPath = (id: string) => /^\.{0,2}\/|^\.{1,2}$/.test(id);
const isOwn = (file: string) =>
	/^\/.*[^/]$/.test(file) &&
	!file.includes("/node_modules/") &&
	!file.startsWith(join(project, "dist"));

/** Changes when a file does. */
function stampOf(file: string): string {
	const { mtimeMs, size } = statSync(file, { throwIfNoEntry: false }) ?? {};
	return `${mtimeMs} ${size}`;
}

/**
 * A `require` for cells: of packages as seen from their folder, and of the user's own files, compiled or not. Where one of
 * these, or a file below it, has changed since it was loaded, a cell gets new modules; all others stay what they are.
 */
export function createRequireFrom(
	folder: string,
	own: (module: string) => unknown,
) {
	const compiled = new Map<string, string>();
	const loaded = new Map<string, Module>(); // of the compiled ones
	const uses = new Map<string, Set<string>>(); // the files that they import
	const stamps = new Map<string, string>(); // of the others, when they were loaded
	const cache = createRequire(join(folder, "cell.js")).cache;

	const importsOf = (file: string): string[] =>
		compiled.has(file)
			? [...(uses.get(file) ?? [])]
			: (cache[file]?.children.map(({ filename }) => filename) ?? []);

	/** A file and all own files below it that are loaded. */
	const below = (file: string, found = new Set<string>()): Set<string> => {
		if (!isOwn(file) || found.has(file)) return found;
		found.add(file);
		for (const other of importsOf(file)) below(other, found);
		return found;
	};

	/** Forgets what has changed of a file and those below it, and all that imports that. */
	const refresh = (file: string): void => {
		const stale = new Set(
			[...below(file)].filter((f) =>
				compiled.has(f)
					? !loaded.has(f)
					: stamps.has(f) && stamps.get(f) !== stampOf(f),
			),
		);
		for (let size = -1; size !== stale.size; ) {
			size = stale.size;
			for (const f of [...loaded.keys(), ...stamps.keys()])
				if (importsOf(f).some((other) => stale.has(other))) stale.add(f);
		}
		for (const f of stale) {
			if (f.endsWith(".mjs"))
				console.warn(
					`${f} has changed since it was loaded, and Node keeps what it loaded of an .mjs file: restart the kernel to have it new.`,
				);
			loaded.delete(f);
			stamps.delete(f);
			delete cache[f];
		}
	};

	const load = (file: string): unknown => {
		const before = loaded.get(file);
		if (before) return before.exports;
		const module = new Module(file);
		module.filename = file;
		loaded.set(file, module);
		uses.set(file, new Set());
		const require = createRequire(file);
		module.require = wrap(require, file) as typeof module.require;
		try {
			(module as CompilableModule)._compile(compiled.get(file) as string, file);
		} catch (error) {
			loaded.delete(file);
			throw error;
		}
		return module.exports;
	};

	/** The require of a compiled file, or of the cells. */
	const wrap = (require: NodeJS.Require, importer?: string) => {
		const from = importer ? dirname(importer) : folder;
		const find = (id: string) => {
			const path = normalize(join(from, id));
			const names = [path, `${path}.js`, join(path, "index.js")];
			return names.find((name) => compiled.has(name)) ?? require.resolve(id);
		};
		return new Proxy(require, {
			apply: (_, __, [id]: [string]) => {
				const file = isPath(id) ? find(id) : "";
				if (!isOwn(file)) return own(id) ?? require(id);
				if (importer) uses.get(importer)?.add(file);
				else refresh(file);
				if (compiled.has(file)) return load(file);
				const exports = require(file);
				for (const f of below(file))
					if (!stamps.has(f)) stamps.set(f, stampOf(f));
				return exports;
			},
		});
	};

	return {
		require: wrap(createRequire(join(folder, "cell.js"))),
		add: (modules: CellCode["modules"]) => {
			for (const { path, data } of modules) {
				if (compiled.get(path) !== data) loaded.delete(path);
				compiled.set(path, data);
			}
		},
	};
}
