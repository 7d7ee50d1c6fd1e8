import type { Unchecked } from "../untyped";

/** Throws where a package lacks a name that a cell imports from it: the name would be undefined without a word. */
export function checkImports(
	imports: readonly Unchecked[],
	require: (module: string) => unknown,
): void {
	for (const { module, names } of imports) {
		const loaded = Object(require(module)) as Record<string, unknown>;
		const isCompiled = Boolean(loaded.__esModule);
		for (const name of names) {
			if (name === "default" ? !isCompiled || name in loaded : name in loaded)
				continue;
			const all = Object.keys(loaded).filter((key) => key !== "default");
			const has = all.length
				? `it exports ${all.slice(0, 20).join(", ")}${all.length > 20 ? ` and ${all.length - 20} more` : ""}`
				: "it exports nothing by name";
			const what = name === "default" ? "default export" : `export ${name}`;
			throw new SyntaxError(`The package "${module}" has no ${what}: ${has}.`);
		}
	}
}
