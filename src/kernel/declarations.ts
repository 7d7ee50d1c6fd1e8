import type * as typescript from "typescript";
import { withEarlierTypes } from "./earlier-types";

type Statement = typescript.Statement;

/** What a cell declares. */
export interface Declared {
	/** The text of a declaration file. */
	text: string;
	/** The names in it that hold values. */
	names: readonly string[];
	/** Of these, the ones that have got their values. */
	assigned: readonly string[];
}

/**
 * What is known of all names after a cell: `before` and the result are the text of a declaration file too. Of the names
 * that hold values, those which the cell has assigned are as it declares them, all others as before; its types and its
 * imports of types are there.
 */
export function declarationsAfter(
	ts: typeof typescript,
	before: string,
	{ text, names, assigned }: Declared,
): string {
	const lost = new Set(names.filter((name) => !assigned.includes(name)));
	const own = select(ts, text, (name) => !lost.has(name));
	const values = new Set(assigned);
	const types = typesIn(ts, own);
	const isMentioned = (name: string) => before.includes(name);
	if (![...values, ...types].some(isMentioned)) return `${own}\n${before}`;
	const orphans: string[] = []; // values whose class or enum is no longer known
	const stays = (name: string, statement: Statement) => {
		if (
			ts.isVariableStatement(statement) ||
			ts.isFunctionDeclaration(statement)
		)
			return !values.has(name);
		if (
			ts.isInterfaceDeclaration(statement) ||
			ts.isTypeAliasDeclaration(statement)
		)
			return !types.has(name);
		const kept = !values.has(name) && !types.has(name);
		if (!kept && !values.has(name) && !ts.isImportDeclaration(statement))
			orphans.push(`declare let ${name}: any;`);
		return kept;
	};
	const unchanged = select(ts, before, stays);
	const told = withEarlierTypes(ts, before, own, values);
	const earlier = told === before ? unchanged : select(ts, told, stays);
	return [own, earlier, ...new Set(orphans)].join("\n");
}

/** The names of types that a declaration file gives a meaning to. */
function typesIn(ts: typeof typescript, text: string): Set<string> {
	const names = new Set<string>();
	select(ts, text, (name, statement) => {
		const isValue =
			ts.isVariableStatement(statement) || ts.isFunctionDeclaration(statement);
		if (!isValue) names.add(name);
		return false;
	});
	return names;
}

/** The statements of a declaration file without the names that are not wanted. */
function select(
	ts: typeof typescript,
	text: string,
	wanted: (name: string, statement: Statement) => boolean,
): string {
	const file = ts.createSourceFile(
		"declarations.d.ts",
		text,
		ts.ScriptTarget.Latest,
	);
	const printer = ts.createPrinter({ newLine: ts.NewLineKind.LineFeed });
	return file.statements
		.map((statement) =>
			withNames(ts, statement, (name) => wanted(name, statement)),
		)
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
