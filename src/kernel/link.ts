// A notebook is one program: a name that any cell declares is one variable, for all cells and for all code of theirs,
// however often it is declared. The variables are properties of globalThis under marked names (see names.ts): V8 reads
// those as fast as it reads the variables of a function, where they rarely change as fast as constants, and lets them
// be declared anew as anything. So in the compiled code of a cell
//
// - each identifier that means such a variable, and not one of a function or block, gets its mark;
// - a declaration becomes an assignment: `let a = 1, { b } = o` is `a′ = 1, ({ b: b′ } = o)`; functions and classes stay
//   as they are and are assigned to their variables, functions at the start of the cell; an import is a destructuring;
// - functions without a name get the one that the declaration would have given them.
//
// All this inserts some text and keeps the lines. cell/scope.ts is the other half.
import type * as typescript from "typescript";
import { type Edit, edited } from "./edits";
import { mark } from "./names";
import { ts } from "./typescript";

type Node = typescript.Node;

/** Names that hold values, and whether each is a constant. */
export type Names = ReadonlyMap<string, { constant: boolean }>;

/** The code of a cell, ready to run. */
export interface Linked {
	/** The body of a function with the parameters that cell/scope.ts gives it; no variable can have their names. */
	js: string;
	edits: Edit[];
	async: boolean;
	/** What the cell declares that holds values. */
	names: Names;
	/** Of these, the ones declared with var, which are undefined from the start. */
	vars: string[];
	/** The variables that its functions write, also when later cells run. */
	written: string[];
}

/** What the TypeScript of a cell says that its JavaScript does not. */
export interface CellFacts {
	/** The names of enums and namespaces: TypeScript declares them with a bare `var`, and would merge them with what is there. */
	merged: ReadonlySet<string>;
	/** The imports whose module may give them new values. */
	live: ReadonlySet<string>;
	/** Whether it ends in a declaration, also where the code for that ends in an expression. */
	declaresLast: boolean;
}

/** TypeScript's inner functions. */
const inner = ts as unknown as {
	bindSourceFile(file: typescript.SourceFile, options: object): void;
	isAssignmentTarget(node: Node): boolean;
};

const options = { target: ts.ScriptTarget.ESNext, setParentNodes: true };

/**
 * Makes the code of a cell, whose types are gone, one that shares its variables with the other cells. `js` ends in an
 * export of all that it declares. `earlier`: what earlier cells declare.
 */
export function linkCell(
	js: string,
	earlier: Names,
	{ merged, live, declaresLast }: CellFacts,
): Linked {
	const file = ts.createSourceFile("cell.ts", js, options.target, true);
	inner.bindSourceFile(file, {});
	const own = declaredNames(file);
	const edits: Edit[] = [];
	const hoisted: string[] = [];
	const written = new Set<string>();
	let async = false;
	const insert = (at: number, text: string) =>
		edits.push({ start: at, end: at, text });
	const replace = (node: Node, text: string) =>
		edits.push({ start: node.getStart(file), end: node.end, text });
	const isVariable = (name: typescript.Identifier) => {
		const local = isLocal(name, file);
		return local === undefined
			? earlier.has(name.text)
			: !local && own.has(name.text);
	};
	const isConstant = (name: string) =>
		(own.get(name) ?? earlier.get(name))?.constant === true;

	/** Marks a name, where it means a variable of the notebook. */
	const link = (name: typescript.Identifier) => {
		if (!isReference(name) || !isVariable(name)) return;
		const short = isShort(name) ? `: ${name.text}${mark}` : mark;
		const isWritten = inner.isAssignmentTarget(name);
		if (isWritten && isInFunction(name)) written.add(name.text);
		if (isConstant(name.text) && isWritten) {
			const target = `const${mark}.${name.text}`;
			replace(name, isShort(name) ? `${name.text}: ${target}` : target);
		} else insert(name.end, short);
	};

	/** Visits a value, which as a function without a name would get that of the variable it is assigned to. */
	const visitValue = (value: typescript.Expression, name: Node) => {
		const named =
			ts.isIdentifier(name) && isAnonymous(value) && isVariable(name);
		if (named) insert(value.getStart(file), `{ ${name.text}: `);
		visit(value);
		if (named) insert(value.end, ` }.${name.text}`);
	};

	/** Makes assignments of declarations. */
	const assign = (list: typescript.VariableDeclarationList) => {
		const [first] = list.declarations;
		const isLoop = !ts.isForStatement(list.parent) && !isStatement(list.parent);
		edits.push({
			start: list.getStart(file),
			end: first.getStart(file),
			text: "",
		});
		for (const { name, initializer } of list.declarations) {
			const wrapped = !ts.isIdentifier(name) && !isLoop;
			if (wrapped) insert(name.getStart(file), "(");
			visit(name);
			if (initializer) visitValue(initializer, name);
			else if (!isLoop && isReset(name, list)) insert(name.end, " = void 0");
			if (wrapped) insert(initializer?.end ?? name.end, ")");
		}
	};
	const isReset = (name: Node, { flags }: typescript.VariableDeclarationList) =>
		(flags & ts.NodeFlags.BlockScoped) !== 0 ||
		(ts.isIdentifier(name) && merged.has(name.text));

	/** The declarations and statements that exist only at the top of a cell. */
	const visitTop = (node: typescript.Statement): boolean => {
		if (ts.isImportDeclaration(node)) replace(node, importing(node, live));
		else if (ts.isExportDeclaration(node)) replace(node, "");
		else if (ts.isExportAssignment(node)) {
			edits.push({
				start: node.getStart(file),
				end: node.expression.getStart(file),
				text: "",
			});
			visit(node.expression);
		} else return false;
		return true;
	};

	const visit = (node: Node): void => {
		if (ts.isIdentifier(node)) {
			link(node);
			return;
		}
		if (isTop(node) && visitTop(node as typescript.Statement)) return;
		if (ts.isVariableDeclarationList(node)) {
			const names = node.declarations.flatMap(({ name }) => namesIn(name));
			if (names.some(isVariable)) {
				assign(node);
				return;
			}
		}
		const called = ts.isCallExpression(node) && node.expression;
		if (called && called.kind === ts.SyntaxKind.ImportKeyword)
			insert(called.end, mark);
		if (ts.isAwaitExpression(node) || isAwaitingLoop(node))
			async ||= !isInFunction(node);
		const value = assignedValue(node);
		ts.forEachChild(node, (child) =>
			value && child === value.value
				? visitValue(value.value, value.name)
				: visit(child),
		);
		if (!isTop(node)) return;
		const name = (node as typescript.DeclarationStatement).name;
		if (!name || !ts.isIdentifier(name) || !own.has(name.text)) return;
		const assigned = `${name.text}${mark} = ${name.text};`;
		if (ts.isClassDeclaration(node)) insert(node.end, ` ${assigned}`);
		if (ts.isFunctionDeclaration(node)) hoisted.push(assigned);
	};

	const body = file.statements.filter((s) => !ts.isExportDeclaration(s));
	const last = body.at(-1);
	for (const statement of file.statements) {
		const returned =
			statement === last &&
			!declaresLast &&
			(ts.isExpressionStatement(last) || ts.isExportAssignment(last));
		if (returned) insert(last.expression.getStart(file), "return (");
		visit(statement);
		if (returned) insert(last.expression.end, ")");
	}
	const first = body.find((s) => !isDirective(s));
	if (hoisted.length)
		edits.unshift({
			start: first?.getStart(file) ?? 0,
			end: first?.getStart(file) ?? 0,
			text: `${hoisted.join(" ")} `,
		});
	edits.sort((a, b) => a.start - b.start || a.end - b.end);
	const vars = [...own].filter(([, { isVar }]) => isVar).map(([name]) => name);
	const linked = { js: edited(js, edits), edits, async, names: own, vars };
	return { ...linked, written: [...written] };
}

const isTop = (node: Node) => node.parent && ts.isSourceFile(node.parent);
const isStatement = (node: Node) => ts.isVariableStatement(node);
const isDirective = (node: Node) =>
	ts.isExpressionStatement(node) && ts.isStringLiteral(node.expression);
const isAwaitingLoop = (node: Node) =>
	ts.isForOfStatement(node) && node.awaitModifier !== undefined;

function isInFunction(node: Node): boolean {
	for (let at = node.parent; at; at = at.parent)
		if (ts.isFunctionLike(at)) return true;
	return false;
}

/** What a cell declares: of what it exports, that which its code has. */
function declaredNames(
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
function namesIn(name: typescript.BindingName): typescript.Identifier[] {
	if (ts.isIdentifier(name)) return [name];
	return name.elements.flatMap((element) =>
		ts.isBindingElement(element) ? namesIn(element.name) : [],
	);
}

/** Whether an identifier stands for a variable, and is no name of a property, a label, a function or a class. */
function isReference(node: typescript.Identifier): boolean {
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
function isShort(node: typescript.Identifier): boolean {
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
function isLocal(name: typescript.Identifier, file: Node): boolean | undefined {
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
function isAnonymous(value: typescript.Expression): boolean {
	if (ts.isParenthesizedExpression(value)) return isAnonymous(value.expression);
	if (ts.isArrowFunction(value)) return true;
	return (
		(ts.isFunctionExpression(value) || ts.isClassExpression(value)) &&
		!value.name
	);
}

/** The value that an assignment or a default gives to a name. */
function assignedValue(
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

/** An import as statements. `live`: the names whose exports the module may change. */
function importing(
	{ importClause, moduleSpecifier }: typescript.ImportDeclaration,
	live: ReadonlySet<string>,
): string {
	const module = `import${mark}.require(${moduleSpecifier.getText()})`;
	if (!importClause) return `${module};`;
	const { name, namedBindings } = importClause;
	if (namedBindings && ts.isNamespaceImport(namedBindings)) {
		const whole = `${namedBindings.name.text}${mark}`;
		const rest = name ? ` ${name.text}${mark} = ${whole}.default;` : "";
		return `${whole} = import${mark}.all(${module});${rest}`;
	}
	const named = (namedBindings?.elements ?? []).map((element) => ({
		from: (element.propertyName ?? element.name).text,
		to: element.name.text,
	}));
	if (name) named.unshift({ from: "default", to: name.text });
	const defaults = named.filter(({ from }) => from === "default").length;
	const kind = defaults < named.length ? "all" : "default";
	const from = defaults ? `import${mark}.${kind}(${module})` : module;
	const pairs = named.map(({ from, to }) => `${from}: ${to}${mark}`);
	const followed = named
		.filter(({ to }) => live.has(to))
		.map(
			({ from: key, to }) =>
				` import${mark}.follow("${to}", ${from}, "${key}");`,
		);
	return `({ ${pairs.join(", ")} } = ${from});${followed.join("")}`;
}
