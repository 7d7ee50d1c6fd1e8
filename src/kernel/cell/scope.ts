import Module from "node:module";
import { cellFolder } from "../failure";
import type { CellCode } from "../messages";
import { mark } from "../names";
import {
	all,
	type CompilableModule,
	createRequireFrom,
	defaultOf,
} from "./require";

// The variables of the cells, as link.ts has them: properties of globalThis under marked names. While a cell runs, what
// it declares and has not reached yet is an accessor: it still gives what an earlier cell left there, and it takes note
// of the first value that it gets, with which it becomes a plain property, which V8 reads and writes without a call.

type Run = (
	require: NodeJS.Require,
	imported: object,
	constant: object,
	declared: object,
) => unknown;

/** The variables of the cells. */
export interface Scope {
	/** Makes a cell ready. Throws where the code is no JavaScript. */
	open(code: CellCode): OpenCell;
}

/** A cell that is ready to run. */
export interface OpenCell {
	/** Runs it and resolves with the value of its last expression. */
	run(): Promise<unknown>;
	/** Ends it, however far it came, with the names that it declares and has given a value to. */
	end(failed: boolean): string[];
}

const variables = globalThis as unknown as Record<string, unknown>;
const parameters = `require, import${mark}, const${mark}, let${mark}`;

/** An empty scope. Cells import from `folder`, and before that what `own` gives for a name. */
export function createScope(
	folder: string,
	own: (module: string) => unknown,
): Scope {
	const kept: Module[] = []; // Node forgets the source maps of modules that nobody holds
	const { require, add } = createRequireFrom(folder, own);
	const imported = Object.assign(
		async (name: unknown) => all(require(`${name}`)),
		{ require, all, default: defaultOf, follow },
	);

	return {
		open: (code) => {
			add(code.modules);
			const keyword = code.async ? "async " : "";
			const module = new Module(`${cellFolder}${code.file}`);
			module.filename = module.id;
			(module as CompilableModule)._compile(
				`module.exports = ${keyword}function (${parameters}) {\n${code.js}\n};`.replace(
					/(\n\/\/# sourceMappingURL=\S+)\n};$/,
					"\n};$1",
				),
				module.filename,
			);
			kept.push(module);
			const run = module.exports as Run;
			const expected = code.names.map((name) => expect(name, code));
			return {
				run: async () => run(require, imported, constant, declared),
				end: (failed) =>
					expected.filter(({ end }) => end(failed)).map(({ name }) => name),
			};
		},
	};
}

/** What stands at the left of an assignment to a constant, which the compiler refuses where it is not told to ignore it. */
const constant = new Proxy(Object.create(null), {
	get: (_, name: string) => variables[name + mark],
	set: (_, name: string, value) => {
		if (constants.has(name)) refuse();
		variables[name + mark] = value; // a later cell made a variable of it
		return true;
	},
});

const constants = new Set<string>();
function refuse(): never {
	throw new TypeError("Assignment to constant variable.");
}

const define = (name: string, property: PropertyDescriptor) =>
	Object.defineProperty(globalThis, name + mark, {
		...property,
		configurable: true, // and not enumerable
	});
/** Makes a plain property, and a new one: what was an accessor before would never be read as fast. */
const set = (name: string, value: unknown) => {
	delete variables[name + mark];
	define(name, { value, writable: true });
};

/** Lets a variable have the value that a module exports at any time. */
function follow(
	name: string,
	module: Record<string, unknown>,
	key: string,
): void {
	define(name, {
		get: () => module[key],
		set: (value) => set(name, value),
	});
}

/** Variables that a cell which failed declares and has not reached. */
const unreached = new Set<string>();

/** What declares each variable: gives it its first value, and makes it what it is from then on. */
const declaring = new Map<string, (value: unknown) => void>();

/** What stands at the left of the declaration of a variable that must not be changed before that. */
const declared = new Proxy(Object.create(null), {
	set: (_, name: string, value) => {
		declaring.get(name)?.(value);
		return true;
	},
});

/**
 * Makes a variable ready to be declared. `end` says whether it was. A fixed constant stays an accessor, which refuses the
 * values that older code gives it.
 */
function expect(name: string, code: CellCode) {
	const isVar = code.vars.includes(name);
	const isConstant = code.constants.includes(name);
	const isFixed = code.fixed.includes(name);
	let before = unreached.has(name)
		? undefined
		: Object.getOwnPropertyDescriptor(globalThis, name + mark);
	unreached.add(name);
	declaring.set(name, (value) => {
		unreached.delete(name);
		before = undefined; // it may be large, and the cell long
		if (isConstant) constants.add(name);
		else constants.delete(name);
		if (isFixed) define(name, { get: () => value, set: refuse });
		else set(name, value);
	});
	define(name, {
		get: () => {
			if (before?.get) return before.get();
			if (before || isVar) return before?.value;
			throw new ReferenceError(`${name} is not defined`);
		},
		set: (value) => {
			if (!before && code.guarded.includes(name))
				throw new ReferenceError(
					`Cannot access '${name}' before initialization`,
				);
			declaring.get(name)?.(value);
		},
	});
	return {
		name,
		end: (failed: boolean) => {
			if (!unreached.has(name)) return true;
			const exists = !failed || (isVar && !before);
			if (before || exists) {
				unreached.delete(name);
				if (before?.get) define(name, before);
				else set(name, before?.value);
			}
			return exists;
		},
	};
}
