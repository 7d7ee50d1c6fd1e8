// Which names in the code of a cell stand for variables, and whose.
import type * as typescript from "typescript";
import { ts } from "./typescript";

type Node = typescript.Node;

/** What a cell declares: of what it exports, that which its code has. */
export function declaredNames(
	file: typescript.SourceFile,
): Map<string, { constant: boolean; isVar: boolean }> {
	const { locals } = file as unknown as {
		locals: Map<string, typescript.Symbol>;
	};
	const names = new Map<string, { constant: boolean; isVar: boolean }>();
	for (const statement of file.statements) {
		if (!ts.isExportDeclaration(statement)) continue;
		const { exportClause } = statement;
		if (!exportClause || !ts.isNamedExports(exportClause)) continue;
		for (const { name } of exportClause.elements) {
			const declaration = locals.get(
				ts.escapeLeadingUnderscores(name.text) as string,
			)?.declarations?.[0];
			if (!declaration) continue; // such as a name of `declare`
			const flags = ts.getCombinedNodeFlags(declaration);
			const isVariable =
				ts.isVariableDeclaration(declaration) ||
				ts.isBindingElement(declaration);
			names.set(name.text, {
				constant: (flags & ts.NodeFlags.Const) !== 0 || isImported(declaration),
				isVar: isVariable && (flags & ts.NodeFlags.BlockScoped) === 0,
			});
		}
	}
	return names;
}

const isImported = (node: Node) =>
	ts.isImportClause(node) ||
	ts.isImportSpecifier(node) ||
	ts.isNamespaceImport(node);

/** The identifiers that a declaration introduces. */
export function namesIn(name: typescript.BindingName): typescript.Identifier[] {
	if (ts.isIdentifier(name)) return [name];
	return name.elements.flatMap((element) =>
		ts.isBindingElement(element) ? namesIn(element.name) : [],
	);
}

/** Whether an identifier stands for a variable, and is no name of a property, a label, a function or a class. */
export function isReference(node: typescript.Identifier): boolean {
	const { parent } = node;
	if (ts.isPropertyAccessExpression(parent) || ts.isMetaProperty(parent))
		return parent.name !== node;
	if (ts.isBindingElement(parent)) return parent.propertyName !== node;
	if (
		ts.isLabeledStatement(parent) ||
		ts.isBreakStatement(parent) ||
		ts.isContinueStatement(parent)
	)
		return false;
	if (ts.isVariableDeclaration(parent) || ts.isParameter(parent)) return true;
	return (
		ts.isShorthandPropertyAssignment(parent) ||
		(parent as { name?: Node }).name !== node
	);
}

/** Whether a name is both that of a property and of the variable. */
export function isShort(node: typescript.Identifier): boolean {
	const { parent } = node;
	if (ts.isShorthandPropertyAssignment(parent)) return parent.name === node;
	return (
		ts.isBindingElement(parent) &&
		parent.name === node &&
		!parent.propertyName &&
		!parent.dotDotDotToken &&
		ts.isObjectBindingPattern(parent.parent)
	);
}

/** Whether a name is declared by a function or block around it; undefined where nothing in the cell declares it. */
export function isLocal(
	name: typescript.Identifier,
	file: Node,
): boolean | undefined {
	let inside: Node = name;
	for (let at: Node | undefined = name.parent; at; at = at.parent) {
		const { locals } = at as { locals?: Map<string, typescript.Symbol> };
		const found = locals?.get(name.escapedText as string)?.declarations?.[0];
		// what the body of a function declares is not there for its parameters
		const { body } = at as typescript.FunctionLikeDeclaration;
		const isHidden =
			body && ts.isParameter(inside) && found && found.pos >= body.pos;
		if (found && !isHidden) return at !== file;
		const named =
			ts.isFunctionExpression(at) || ts.isClassLike(at) ? at.name : undefined;
		if (named && named.text === name.text && named !== name) return true;
		inside = at;
	}
	return undefined;
}

/** Whether a value is a function or class without a name. */
export function isAnonymous(value: typescript.Expression): boolean {
	if (ts.isParenthesizedExpression(value)) return isAnonymous(value.expression);
	if (ts.isArrowFunction(value)) return true;
	return (
		(ts.isFunctionExpression(value) || ts.isClassExpression(value)) &&
		!value.name
	);
}

/** The value that an assignment or a default gives to a name. */
export function assignedValue(
	node: Node,
): { value: typescript.Expression; name: Node } | undefined {
	if (ts.isBinaryExpression(node)) {
		const { operatorToken, left, right } = node;
		const { kind } = operatorToken;
		const names =
			kind === ts.SyntaxKind.EqualsToken ||
			kind === ts.SyntaxKind.BarBarEqualsToken ||
			kind === ts.SyntaxKind.AmpersandAmpersandEqualsToken ||
			kind === ts.SyntaxKind.QuestionQuestionEqualsToken;
		return names ? { value: right, name: left } : undefined;
	}
	if (ts.isBindingElement(node) && node.initializer)
		return { value: node.initializer, name: node.name };
	const { objectAssignmentInitializer: value, name } =
		node as typescript.ShorthandPropertyAssignment;
	return value && { value, name };
}
