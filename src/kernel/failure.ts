import { inspect, types } from "node:util";

/** The fields of a Jupyter error. */
export interface Failure {
	ename: string;
	evalue: string;
	traceback: string[];
}

const ofTheKernel =
	/^\s+at .*(\(node:|at node:|[\\/]tslab[\\/]dist[\\/]|[\\/]src[\\/]kernel[\\/]|[\\/]dist[\\/]kernel[\\/])/;

/** What Node puts before the stack of an error that no code caught: a place, the line there, and a mark under it. */
const place = /^\S[^\n]*:\d+\n[^\n]*\n\s*\^+\n+/;

/** Leaves out the frames of the kernel and of Node; a line number in a compiled cell would mislead, so it goes too. */
function readable(stack: string): string[] {
	const lines: string[] = [];
	for (const line of stack.replace(place, "").split("\n")) {
		const frame = line.replace(/evalmachine\.<anonymous>(:\d+)*/, "the cell");
		if (!ofTheKernel.test(line)) {
			if (frame === line || frame !== lines.at(-1)) lines.push(frame);
		} else if (line.endsWith(" {") && lines.length) {
			lines.push(`${lines.pop()} {`); // what follows are the error's own properties
		}
	}
	return lines;
}

/** The failure of a cell that a user interrupted. */
export const interrupted: Failure = {
	ename: "Interrupted",
	evalue: "the cell was interrupted",
	traceback: ["Interrupted: the cell was interrupted"],
};

/** The failure that a thrown value makes. */
export function failureOf(thrown: unknown): Failure {
	const { message, code, name } = (thrown ?? {}) as Record<string, unknown>;
	if (
		name === interrupted.ename || // the reason of a cell's own signal
		message === "Interrupted asynchronously" ||
		code === "ERR_SCRIPT_EXECUTION_INTERRUPTED"
	) {
		return interrupted;
	}
	if (!types.isNativeError(thrown) && !(thrown instanceof Error)) {
		const text = inspect(thrown);
		return {
			ename: typeof thrown,
			evalue: typeof thrown === "string" ? thrown : text,
			traceback: [`Thrown: ${text}`],
		};
	}
	return {
		ename: String(name || "Error"),
		evalue: String(message),
		traceback: readable(inspect(thrown)),
	};
}

/** The failure of a cell that does not compile: each finding ("line:column - text") with its line of the cell. */
export function compileFailure(findings: string[], code: string): Failure {
	const lines = code.split("\n");
	let last = "";
	const traceback = findings.flatMap((finding) => {
		const at = /^(\d+):(\d+) - /.exec(finding);
		if (!at || at[0] === last) return [finding];
		last = at[0];
		const line = (lines[Number(at[1]) - 1] ?? "").replaceAll("\t", " ");
		return [finding, `    ${line}`, `    ${" ".repeat(Number(at[2]) - 1)}^`];
	});
	return {
		ename: "CompileError",
		evalue: findings[0] ?? "the cell cannot be compiled",
		traceback,
	};
}
