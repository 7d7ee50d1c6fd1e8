import type * as typescript from "typescript";

type TypeScript = typeof typescript;

/** What the TypeScript of a cell says that its JavaScript does not. */
export interface CellFacts {
	/** The names of enums and namespaces: TypeScript declares them with a bare `var`, and would merge them with what is there. */
	merged: ReadonlySet<string>;
	/** The imports whose module may give them new values. */
	live: ReadonlySet<string>;
	/** Whether it ends in a declaration, also where the code for that ends in an expression. */
	declaresLast: boolean;
}

/** What is to be known of a cell beside its code. */
export function factsOf(
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
export function withNestedVars(
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
