import type * as typescript from "typescript";

type Statement = typescript.Statement;

/**
 * What is known of the variables after a cell that failed. `before` declares what earlier cells left, `after` what the
 * cell would have left; both are the text of a declaration file. Of the names that hold values, those which the cell
 * had `assigned` are as it declares them, all others as before; its types and its imports of types stay.
 */
export function keepAssigned(
	ts: typeof typescript,
	before: string,
	after: string,
	names: readonly string[],
	assigned: readonly string[],
): string {
	const lost = new Set(names.filter((name) => !assigned.includes(name)));
	const kept = select(ts, after, (name) => !lost.has(name));
	const restored = select(ts, before, (name) => lost.has(name));
	return `${kept}\n${restored}`;
}

/** The statements of a declaration file without the names that are not wanted. */
function select(
	ts: typeof typescript,
	text: string,
	wanted: (name: string) => boolean,
): string {
	const file = ts.createSourceFile(
		"declarations.d.ts",
		text,
		ts.ScriptTarget.Latest,
	);
	const printer = ts.createPrinter({ newLine: ts.NewLineKind.LineFeed });
	return file.statements
		.map((statement) => withNames(ts, statement, wanted))
		.filter((statement) => statement !== undefined)
		.map((s) => printer.printNode(ts.EmitHint.Unspecified, s, file))
		.join("\n");
}

/** A statement that declares only the names that are wanted; undefined where nothing is left. */
function withNames(
	ts: typeof typescript,
	statement: Statement,
	wanted: (name: string) => boolean,
): Statement | undefined {
	const { factory } = ts;
	const keeps = (node: { name?: typescript.Node }) =>
		node.name !== undefined &&
		ts.isIdentifier(node.name) &&
		wanted(node.name.text);
	if (ts.isVariableStatement(statement)) {
		const { declarations, flags } = statement.declarationList;
		const kept = declarations.filter(keeps);
		if (!kept.length) return undefined;
		return factory.updateVariableStatement(
			statement,
			statement.modifiers,
			factory.createVariableDeclarationList(kept, flags),
		);
	}
	if (ts.isImportDeclaration(statement)) {
		const clause = statement.importClause;
		if (!clause) return undefined;
		const { namedBindings } = clause;
		const bindings =
			namedBindings && ts.isNamedImports(namedBindings)
				? factory.updateNamedImports(
						namedBindings,
						namedBindings.elements.filter(keeps),
					)
				: namedBindings && keeps(namedBindings)
					? namedBindings
					: undefined;
		const name = clause.name && keeps(clause) ? clause.name : undefined;
		const some =
			bindings && (!ts.isNamedImports(bindings) || bindings.elements.length);
		if (!name && !some) return undefined;
		return factory.updateImportDeclaration(
			statement,
			statement.modifiers,
			factory.updateImportClause(
				clause,
				clause.isTypeOnly,
				name,
				some ? bindings : undefined,
			),
			statement.moduleSpecifier,
			undefined,
		);
	}
	return keeps(statement as { name?: typescript.Node }) ? statement : undefined;
}
