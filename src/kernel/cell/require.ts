import Module, { createRequire } from "node:module";
import { dirname, join, normalize } from "node:path";
import type { CellCode } from "../messages";
import type { CompilableModule } from "./scope";

type Exports = Record<string, unknown>;

const isCompiled = (module: unknown) => (module as Exports)?.__esModule;
const wholes = new WeakMap<object, object>();

/** A module as `import * as` sees it: one that was no ES module gets a default. */
export function all(module: unknown): unknown {
	if (isCompiled(module)) return module;
	const isObject = module !== null && /^(object|function)$/.test(typeof module);
	const known = isObject ? wholes.get(module as object) : undefined;
	if (known) return known;
	const whole = {};
	for (const key of isObject ? Object.keys(module as object) : [])
		Object.defineProperty(whole, key, {
			enumerable: true,
			get: () => (module as Exports)[key],
		});
	Object.defineProperty(whole, "default", { enumerable: true, value: module });
	if (isObject) wholes.set(module as object, whole);
	return whole;
}

/** A module as `import x from` sees it. */
export const defaultOf = (module: unknown): unknown =>
	isCompiled(module) ? module : { default: module };

/** A `require` for cells: of packages as seen from their folder, and of the files beside them that were compiled. */
export function createRequireFrom(
	folder: string,
	own: (module: string) => unknown,
) {
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
				load(normalize(join(from, id)))?.exports ?? own(id) ?? require(id),
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
