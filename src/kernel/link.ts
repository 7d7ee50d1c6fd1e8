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
import type { CellFacts } from "./facts";
import { importing } from "./importing";
import { mark } from "./names";
import {
	assignedValue,
	declaredNames,
	isAnonymous,
	isLocal,
	isReference,
	isShort,
	namesIn,
} from "./references";
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
	/** Those that can be changed before the cell declares them, which is an error. */
	guarded: string[];
	/** The variables that its functions write, also when later cells run. */
	written: string[];
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
	const guarded = new Set<string>();
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

	/** Finds the names that a function could change before their cell declares them for the first time. */
	const guard = (node: Node): void => {
		if (!ts.isIdentifier(node)) return void ts.forEachChild(node, guard);
		const { text } = node;
		if (!own.has(text) || own.get(text)?.isVar || earlier.has(text)) return;
		if (
			inner.isAssignmentTarget(node) &&
			isInFunction(node) &&
			isVariable(node)
		)
			guarded.add(text);
	};

	/** Marks a name, where it means a variable of the notebook. */
	const link = (name: typescript.Identifier) => {
		if (!isReference(name) || !isVariable(name)) return;
		const { text, parent } = name;
		const isWritten = inner.isAssignmentTarget(name);
		if (isWritten && isInFunction(name)) written.add(text);
		const isDeclared =
			ts.isVariableDeclaration(parent) || ts.isBindingElement(parent);
		const through =
			isDeclared && parent.name === name
				? guarded.has(text) && "let"
				: isConstant(text) && isWritten && "const";
		const short = isShort(name) ? `${text}: ` : "";
		if (through) replace(name, `${short}${through}${mark}.${text}`);
		else insert(name.end, short ? `: ${text}${mark}` : mark);
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

	guard(file);
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
	return {
		js: edited(js, edits),
		edits,
		async,
		names: own,
		vars,
		guarded: [...guarded],
		written: [...written],
	};
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
