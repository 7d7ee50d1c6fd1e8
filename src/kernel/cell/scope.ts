import Module, { createRequire } from "node:module";
import { dirname, join, normalize } from "node:path";
import { cellFolder } from "../failure";
import type { CellCode } from "../messages";

type Exports = Record<string, unknown>;
type Run = (exports: Exports, require: NodeJS.Require) => unknown;

/** What the kernel needs of Node's inner class: a module that is compiled from text, with its source map. */
type CompilableModule = Module & {
	_compile(code: string, file: string): unknown;
};

/** The variables of the cells. */
export interface Scope {
	/**
	 * Makes a cell ready. Throws where the code is no JavaScript. `run` runs it and resolves with the value of its last
	 * expression; `assigned` are the names that it declares and has given a value to so far.
	 */
	open(code: CellCode): {
		run(): Promise<unknown>;
		assigned(): string[];
	};
}

/** An empty scope. Cells import from `folder`, and before that what `own` gives for a name. */
export function createScope(
	folder: string,
	own: (module: string) => unknown,
): Scope {
	const variables: Exports = Object.create(null);
	const kept: Module[] = []; // Node forgets the source maps of modules that nobody holds
	const require = requireFrom(folder, own);

	return {
		open: (code) => {
			require.add(code.modules);
			const assigned = new Set<string>();
			const keyword = code.async ? "async " : "";
			const module = new Module(`${cellFolder}${code.file}`);
			module.filename = module.id;
			(module as CompilableModule)._compile(
				`module.exports = ${keyword}function (exports, require) {\n${code.js}\n};`.replace(
					/(\n\/\/# sourceMappingURL=\S+)\n};$/,
					"\n};$1",
				),
				module.filename,
			);
			kept.push(module);
			const run = module.exports as Run;
			const exports = noting(variables, assigned);
			return {
				run: async () => {
					await run(exports, require.require);
					for (const name of code.names)
						if (!assigned.has(name)) variables[name] = undefined; // declared, and no more
					if (!code.value) return undefined;
					const value = variables[code.value];
					delete variables[code.value];
					return value;
				},
				assigned: () => [...assigned],
			};
		},
	};
}

/** The variables as one cell sees them: what it sets is noted, and what it imports becomes an ordinary variable. */
function noting(variables: Exports, assigned: Set<string>): Exports {
	const set = (name: string | symbol, value: unknown) => {
		if (name === "__esModule") return true;
		assigned.add(name as string);
		variables[name as string] = value;
		return true;
	};
	return new Proxy(variables, {
		set: (_, name, value) => set(name, value),
		defineProperty: (_, name, { get, value }) =>
			set(name, get ? get.call(variables) : value),
	});
}

/** A `require` for cells: of packages as seen from their folder, and of the files beside them that were compiled. */
function requireFrom(folder: string, own: (module: string) => unknown) {
	const compiled = new Map<string, string>();
	const loaded = new Map<string, Module>();

	const load = (path: string): Module | undefined => {
		const found = [path, `${path}.js`].find((name) => compiled.has(name));
		if (!found) return undefined;
		const before = loaded.get(found);
		if (before) return before;
		const module = new Module(found);
		module.filename = found;
		loaded.set(found, module);
		module.require = wrap(
			createRequire(found),
			dirname(found),
		) as typeof module.require;
		(module as CompilableModule)._compile(compiled.get(found) as string, found);
		return module;
	};
	const wrap = (require: NodeJS.Require, from: string) =>
		new Proxy(require, {
			apply: (_, __, [id]: [string]) =>
				(/^\.\.?\//.test(id) // a package may have the name of a file
					? load(normalize(join(from, id)))?.exports
					: own(id)) ?? require(id),
		});

	return {
		require: wrap(createRequire(join(folder, "cell.js")), folder),
		add: (modules: CellCode["modules"]) => {
			for (const { path, data } of modules) {
				compiled.set(path, data);
				loaded.delete(path);
			}
		},
	};
}
