import type * as typescript from "typescript";
import { ts } from "./typescript";

/** A finding of the compiler; lines count from 0. */
interface Finding {
	start: { line: number };
	code: number;
	messageText: string;
	fileName?: string;
}

/**
 * Of code that does not compile: a sentence ("line:column - …") for each line that is written for IPython, with what to do
 * instead. Empty where there is none. What TypeScript understands is never taken for such a line.
 */
export function magicsIn(code: string, findings: readonly Finding[]): string[] {
	const lines = code.split("\n");
	const own = findings.filter(({ fileName }) => !fileName);
	if (!own.some(isSyntax) && !own.some(isUnknown)) return [];
	const first = lines.findIndex((line) => line.trim());
	if (/^\s*%%\w/.test(lines[first]) && own.some(isSyntax))
		return [said(lines[first], first)]; // the whole cell is meant
	const questions = openQuestions(code);
	return lines.flatMap((line, i) => {
		const here = own.filter(({ start }) => start.line === i);
		return isMagic(line.trim(), here) || questions.has(i)
			? [said(line, i)]
			: [];
	});
}

/** A mistake in the form of the code, not in its names and types. */
const isSyntax = ({ code }: Finding) => code >= 1000 && code < 2000;
const isUnknown = ({ code }: Finding) => code === 2304 || code === 2552;

function isMagic(line: string, here: readonly Finding[]): boolean {
	const broken = here.some(isSyntax);
	const cannotFind = (name: string) =>
		here.some(
			(f) => isUnknown(f) && f.messageText.includes(`find name '${name}'`),
		);
	const magic = /^%%?([A-Za-z_]\w*)/.exec(line)?.[1];
	if (magic) return broken || (cannotFind(magic) && advice(magic, "") !== "");
	const command = /^!!?\s*([\w~./][\w~./-]*)/.exec(line)?.[1];
	if (command) {
		const word = command.split("-")[0];
		const spoken =
			/^!!?\s*[\w~./-]+(\s+(?!(instanceof|in|as|satisfies)\b)["'\w~./$*-]|$)/;
		return broken
			? spoken.test(line)
			: cannotFind(word) &&
					(commands.test(word) || /^!!?\s*\w+\s+-/.test(line));
	}
	return broken && /^\?\??[A-Za-z_$]/.test(line);
}

/** The lines that are a name and one or two question marks, behind which TypeScript misses something. */
function openQuestions(code: string): Set<number> {
	const lines = code.split("\n");
	const file = ts.createSourceFile("cell.ts", code, ts.ScriptTarget.Latest);
	const found = new Set<number>();
	const look = (mark: typescript.Node, missing: typescript.Node) => {
		const { line } = file.getLineAndCharacterOfPosition(mark.end);
		if (missing.pos === missing.end && /^\s*[\w$.]+\?\??\s*$/.test(lines[line]))
			found.add(line);
	};
	const visit = (node: typescript.Node): void => {
		if (ts.isConditionalExpression(node))
			look(node.questionToken, node.colonToken);
		if (ts.isBinaryExpression(node)) look(node.operatorToken, node.right);
		ts.forEachChild(node, visit);
	};
	visit(file);
	return found;
}

function said(line: string, i: number): string {
	const column = line.length - line.trimStart().length + 1;
	return `${i + 1}:${column} - ${answer(line.trim())}`;
}

function answer(line: string): string {
	const asked = /^\?*([^?]*)\?*$/.exec(line)?.[1].trim();
	if (line.startsWith("?") || line.endsWith("?"))
		return `This asks IPython about ${asked}; here Shift-Tab behind a name shows its type and its text.`;
	const [, sign, name, rest] =
		/^(%%?|!!?)\s*(\S+)\s*(.*)$/.exec(line) ?? ([] as string[]);
	if (sign.startsWith("!")) {
		const instead = npms.test(name) ? npm : shell(`${name} ${rest}`.trim());
		return `This is a shell command of IPython, and cells are TypeScript here: ${instead}.`;
	}
	const instead = advice(name, rest);
	return `${sign}${name} is a magic of IPython, and cells are TypeScript here${instead ? `: ${instead}` : ", which have no magics"}.`;
}

const shell = (command: string) =>
	`import { execSync } from "node:child_process" and console.log(execSync(${JSON.stringify(command || "ls")}, { encoding: "utf8" })) run one`;
const npm =
	"packages are npm's, installed by npm install <name> in a terminal, in the notebook's folder";
const npms = /^(pip3?|conda|mamba|uv)$/;

/** What to do instead of a magic; nothing where there is nothing to say. */
function advice(name: string, rest: string): string {
	const found = instead.find(([names]) => names.test(name))?.[1] ?? "";
	return typeof found === "string" ? found : found(rest, name);
}

const instead: [RegExp, string | ((rest: string, name: string) => string)][] = [
	[
		/^time(it)?$/,
		'console.time("it") before the lines and console.timeEnd("it") behind them print how long they took',
	],
	[
		/^(matplotlib|pylab|config)$/,
		"figures need no setting, lens.show(chart) or a chart on the last line of a cell shows it",
	],
	[npms, npm],
	[/^cd$/, (rest) => `process.chdir(${JSON.stringify(rest || "..")}) does it`],
	[/^pwd$/, "process.cwd() is the folder"],
	[/^(env|set_env)$/, "process.env holds the variables of the environment"],
	[
		/^((re|un)?load_ext|autoreload)$/,
		"nothing has to be loaded, and a file beside the notebook is read again when the cell that imports it runs again",
	],
	[/^(run|load)$/, 'import "./file" runs a file beside the notebook'],
	[
		/^(whos?|who_ls|pinfo2?|pdoc|pdef|psource|psearch)$/,
		"Tab lists names, and Shift-Tab behind a name shows its type and its text",
	],
	[
		/^reset(_selective)?$/,
		"a restart of the kernel, in the menu, forgets all variables",
	],
	[
		/^(writefile|file)$/,
		(rest) =>
			`import { writeFileSync } from "node:fs" and writeFileSync(${JSON.stringify(rest || "name")}, text) write a file`,
	],
	[
		/^(html|svg|latex|markdown|javascript|js)$/i,
		'import { display } from "tslab" and display.html(text) or display.markdown(text) show it',
	],
	[/^(bash|sh|script|system|sx)$/, (rest) => shell(rest)],
	[
		/^(ls|ll|cat|cp|mv|rm|mkdir|rmdir|man|more|less)$/,
		(rest, name) => shell(`${name} ${rest}`.trim()),
	],
];

/** Commands that are known to be none of the cell's variables where these are not found. */
const commands =
	/^(ls|ll|pwd|cd|cat|cp|mv|rm|mkdir|rmdir|touch|echo|date|whoami|hostname|uname|env|which|head|tail|wc|grep|find|tree|df|du|free|top|htop|ps|kill|git|pip3?|conda|python3?|node|npm|npx|curl|wget|tar|unzip|make|jupyter|nvidia|nproc|lscpu|sudo|apt|clear)$/;
