import type * as typescript from "typescript";
import { mark } from "./names";

type Node = typescript.Node;
type TypeScript = typeof typescript;

/** Statements of a declaration file by the types that they declare, as text. */
function typesOf(ts: TypeScript, file: typescript.SourceFile) {
	const printer = ts.createPrinter({ removeComments: true });
	const types = new Map<string, { text: string; lives: boolean }>();
	for (const s of file.statements) {
		const lives = ts.isClassDeclaration(s) || ts.isEnumDeclaration(s);
		if (
			!lives &&
			!ts.isInterfaceDeclaration(s) &&
			!ts.isTypeAliasDeclaration(s)
		)
			continue;
		const name = s.name?.text ?? "";
		const text = printer.printNode(ts.EmitHint.Unspecified, s, file);
		const before = types.get(name);
		types.set(name, {
			text: (before?.text ?? "") + text,
			lives: lives || before?.lives === true,
		});
	}
	return types;
}

/**
 * What was declared before a cell gave some types another meaning, as the text of a declaration file: what has one of
 * the old types keeps it, under the type's name with one mark more. The code of functions finds classes and enums by
 * their names when it runs, and so the new ones; as arguments they take both. `values`: the names to which the cell gives values.
 */
export function withEarlierTypes(
	ts: TypeScript,
	before: string,
	own: string,
	values: ReadonlySet<string>,
): string {
	const parse = (text: string) =>
		ts.createSourceFile("d.d.ts", text, ts.ScriptTarget.Latest, true);
	const file = parse(before);
	const old = typesOf(ts, file);
	const changed = new Map<string, { to: string; lives: boolean }>();
	const types = typesOf(ts, parse(own));
	for (const [name, was] of old) {
		const now = types.get(name);
		const isLost = was.lives && values.has(name);
		if (now ? now.text === was.text : !isLost) continue;
		let to = name + mark;
		while (old.has(to)) to += mark;
		changed.set(name, { to, lives: was.lives });
	}
	if (!changed.size) return before;

	const edits: { at: number; end: number; text: string }[] = [];
	const visit = (node: Node): void => {
		if (ts.isIdentifier(node)) {
			const found = changed.get(node.text);
			if (found && !isShadowed(node)) rename(node, found);
		}
		ts.forEachChild(node, visit);
	};
	const rename = (
		node: typescript.Identifier,
		{ to, lives }: { to: string; lives: boolean },
	) => {
		const { parent } = node;
		const at = node.getStart(file);
		const put = (text: string) => edits.push({ at, end: node.end, text });
		if (isTypeDeclaration(parent) && parent.name === node) {
			if (parent.parent === file) put(to);
			return;
		}
		if (!isTypeName(node)) return;
		const place = lives ? placeOf(node) : "value";
		if (place === "value") put(to);
		else if (place === "argument" && ts.isTypeReferenceNode(parent)) {
			const args = file.text.slice(node.end, parent.end);
			edits.push({
				at,
				end: parent.end,
				text: `(${node.text}${args} | ${to}${args})`,
			});
		}
	};
	const isTypeDeclaration = (
		n: Node,
	): n is typescript.DeclarationStatement & { name: Node } =>
		ts.isClassDeclaration(n) ||
		ts.isEnumDeclaration(n) ||
		ts.isInterfaceDeclaration(n) ||
		ts.isTypeAliasDeclaration(n);
	const isTypeName = (node: typescript.Identifier) => {
		const { parent } = node;
		return (
			(ts.isTypeReferenceNode(parent) && parent.typeName === node) ||
			(ts.isTypeQueryNode(parent) && parent.exprName === node) ||
			(ts.isQualifiedName(parent) && parent.left === node) ||
			(ts.isExpressionWithTypeArguments(parent) && parent.expression === node)
		);
	};
	const isShadowed = (node: typescript.Identifier) =>
		ts.findAncestor(node, (n) => {
			const { typeParameters } = n as typescript.SignatureDeclaration;
			return !!typeParameters?.some(({ name }) => name.text === node.text);
		}) !== undefined;

	/** Whether a type is that of a value that is there, of what a function will take, or of what it will make. */
	const placeOf = (node: Node): "value" | "argument" | "made" => {
		let functions = 0;
		let argument = false;
		for (let n = node.parent; n && n !== file; n = n.parent) {
			if (ts.isHeritageClause(n)) return "value";
			if (
				isTypeDeclaration(n) &&
				changed.has((n.name as typescript.Identifier).text)
			)
				return "value"; // of the old type itself
			if (ts.isFunctionLike(n)) functions++;
			if (ts.isParameter(n)) argument = true;
			if (isTypeDeclaration(n)) functions++;
		}
		if (!functions) return "value";
		return argument && functions === 1 ? "argument" : "made";
	};
	visit(file);

	let text = before;
	for (const { at, end, text: by } of edits.sort((a, b) => b.at - a.at))
		text = text.slice(0, at) + by + text.slice(end);
	return withoutUnused(parse(text));
}

/** A declaration file without the earlier types that nothing has any more. */
function withoutUnused(file: typescript.SourceFile): string {
	let statements = file.statements.map((s) => ({
		text: s.getFullText(file).trim(),
		name: (s as { name?: Node }).name?.getText(file) ?? "",
	}));
	for (let size = -1; size !== statements.length; ) {
		size = statements.length;
		statements = statements.filter(
			(s) =>
				!s.name.includes(mark) ||
				statements.some(
					(o) =>
						o.name !== s.name &&
						new RegExp(
							`(?<![\\w$])${s.name.replaceAll("$", "\\$")}(?!${mark})`,
							"u",
						).test(o.text),
				),
		);
	}
	return statements.map(({ text }) => text).join("\n");
}
