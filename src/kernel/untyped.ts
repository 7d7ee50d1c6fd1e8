import type * as typescript from "typescript";

/** The names that a cell imports from a package without types, of which the compiler cannot tell whether they are there. */
export interface Unchecked {
	module: string;
	/** As the package calls them; "default" for its default. */
	names: string[];
}

/** A package has no types. */
const noTypes = 7016;

/** Keeps what the compiler finds to be a package without types, which is no mistake of the cell that imports it. */
export function withoutUntyped(
	found: readonly typescript.Diagnostic[],
	keep: (module: string) => void,
): typescript.Diagnostic[] {
	return found.filter(({ code, file, start = 0, length = 0 }) => {
		if (code !== noTypes) return true;
		if (file) keep(file.text.slice(start + 1, start + length - 1));
		return false;
	});
}

/** What a cell imports from these packages. */
export function uncheckedImports(
	ts: typeof typescript,
	code: string,
	untyped: ReadonlySet<string>,
): Unchecked[] {
	if (!untyped.size) return [];
	const file = ts.createSourceFile("cell.ts", code, ts.ScriptTarget.Latest);
	return file.statements.flatMap((statement) => {
		if (!ts.isImportDeclaration(statement)) return [];
		const { importClause, moduleSpecifier } = statement;
		const module = (moduleSpecifier as typescript.StringLiteral).text;
		if (!importClause || importClause.isTypeOnly || !untyped.has(module))
			return [];
		const { name, namedBindings } = importClause;
		const named =
			namedBindings && ts.isNamedImports(namedBindings)
				? namedBindings.elements
						.filter(({ isTypeOnly }) => !isTypeOnly)
						.map((one) => (one.propertyName ?? one.name).text)
				: [];
		return [{ module, names: [...(name ? ["default"] : []), ...named] }];
	});
}
