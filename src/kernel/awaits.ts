import type * as typescript from "typescript";

type TypeScript = typeof typescript;
type Diagnostic = typescript.Diagnostic;
type Chain = typescript.DiagnosticMessageChain;

const hint = "Did you forget to use 'await'?";

/** TypeScript's own word for it, which it puts beside a finding. */
const forgotten = 2773;
/** "Property … does not exist on type …. Did you mean …?" */
const misspelt = 2551;

/** What TypeScript finds in files, and what it lets pass, each with a hint where an await was forgotten. */
export function withAwaitHints(
	ts: TypeScript,
	program: typescript.Program,
	files: readonly typescript.SourceFile[],
	found: readonly Diagnostic[],
): Diagnostic[] {
	const more = files
		.filter(({ fileName }) => /(?<!\.d)\.[cm]?tsx?$/.test(fileName))
		.flatMap((file) => unnoticed(ts, program.getTypeChecker(), file));
	const known = new Set(found.map(({ start }) => start));
	return [
		...found.map((one) => (meansAwait(one) ? withHint(one) : one)),
		...more.filter(({ start }) => !known.has(start)),
	];
}

/** "Conversion of type … to type … may be a mistake …" */
const conversion = 2352;

/** How a finding speaks of a promise that stands where its value was meant. */
const ofPromise =
	/(?:\b(?:Type|Argument of type|on type|index type|applied to types?|since this|missing in type|because the types) |\band )'Promise<|not comparable to type 'Promise</;
const toPromise = /to (?:parameter of )?type 'Promise(?:Like)?</;

function meansAwait({
	code,
	messageText,
	relatedInformation,
}: Diagnostic): boolean {
	if (relatedInformation?.some(({ code }) => code === forgotten)) return true;
	if (code === misspelt) return false;
	if (code === conversion)
		return /of type 'Promise</.test(linesOf(messageText)[0]);
	return linesOf(messageText).some(
		(line) =>
			ofPromise.test(line) &&
			(!toPromise.test(line) || line.includes("not comparable")),
	);
}

function linesOf(message: string | Chain): string[] {
	if (typeof message === "string") return [message];
	return [message.messageText, ...(message.next ?? []).flatMap(linesOf)];
}

function withHint(one: Diagnostic): Diagnostic {
	const { messageText } = one;
	return typeof messageText === "string"
		? { ...one, messageText: `${messageText} ${hint}` }
		: {
				...one,
				messageText: {
					...messageText,
					messageText: `${messageText.messageText} ${hint}`,
				},
			};
}

/** Promises whose value was meant and of which TypeScript says nothing: in texts, signs, conditions, the fields of objects and `String(…)`. */
function unnoticed(
	ts: TypeScript,
	checker: typescript.TypeChecker,
	file: typescript.SourceFile,
): Diagnostic[] {
	const found: Diagnostic[] = [];
	const typeOf = (node: typescript.Node) => checker.getTypeAtLocation(node);
	const isPromise = (node: typescript.Node) =>
		typeOf(node).symbol?.name === "Promise";
	const check = (node: typescript.Node, text: (type: string) => string) => {
		if (!isPromise(node)) return;
		const start = node.getStart(file);
		const type = checker.typeToString(typeOf(node));
		const messageText = `${text(type)}. ${hint}`;
		const { Error: category } = ts.DiagnosticCategory;
		const length = node.end - start;
		found.push({ file, start, length, category, code: forgotten, messageText });
	};
	const asText = (type: string) =>
		`This text would be '[object Promise]', since this is a '${type}'`;
	const asJson = (type: string) =>
		`This JSON would be '{}', since this is a '${type}'`;
	const asNumber = (type: string) =>
		`This number would be NaN, since this is a '${type}'`;
	const asCondition = (type: string) =>
		`This condition would always be true, since this is a '${type}'`;
	const asFields = (type: string) =>
		`There would be no fields here, since this is a '${type}'`;
	const isTextual = (node: typescript.Node) =>
		(typeOf(node).flags & (ts.TypeFlags.StringLike | ts.TypeFlags.Any)) !== 0;

	const visit = (node: typescript.Node): void => {
		if (ts.isTemplateExpression(node)) {
			if (!ts.isTaggedTemplateExpression(node.parent))
				for (const { expression } of node.templateSpans)
					check(expression, asText);
		} else if (ts.isBinaryExpression(node)) {
			const { left, right, operatorToken } = node;
			const { PlusToken, PlusEqualsToken } = ts.SyntaxKind;
			const adds =
				operatorToken.kind === PlusToken ||
				operatorToken.kind === PlusEqualsToken;
			if (operatorToken.kind === ts.SyntaxKind.InKeyword)
				check(right, asFields);
			if (adds && isTextual(left)) check(right, asText);
			if (adds && isTextual(right)) check(left, asText);
		} else if (ts.isPrefixUnaryExpression(node)) {
			const not = node.operator === ts.SyntaxKind.ExclamationToken;
			check(node.operand, not ? asCondition : asNumber);
		} else if (ts.isWhileStatement(node) || ts.isDoStatement(node)) {
			check(node.expression, asCondition);
		} else if (ts.isForStatement(node) && node.condition) {
			check(node.condition, asCondition);
		} else if (ts.isForInStatement(node) || ts.isSpreadAssignment(node)) {
			check(node.expression, asFields);
		} else if (ts.isCallExpression(node)) {
			const as = conversions[node.expression.getText(file)];
			if (as && node.arguments[0])
				check(
					node.arguments[0],
					{ asText, asJson, asNumber, asCondition, asFields }[as],
				);
		}
		ts.forEachChild(node, visit);
	};
	visit(file);
	return found;
}

const conversions: Record<
	string,
	"asText" | "asJson" | "asNumber" | "asCondition" | "asFields"
> = {
	__proto__: null as never,
	String: "asText",
	"JSON.stringify": "asJson",
	Number: "asNumber",
	Boolean: "asCondition",
	"Object.keys": "asFields",
	"Object.values": "asFields",
	"Object.entries": "asFields",
};
