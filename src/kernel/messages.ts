import type { Failure } from "./failure";
import type { Unchecked } from "./untyped";

/** The pipe on which the process that runs the cells reports. */
export const reportPipe = 3;
/** The pipe on which it hears of interrupts: the number of the cell that is meant, and a line feed. */
export const interruptPipe = 4;

/** A cell, compiled. */
export interface CellCode {
	/** The body of a function, with its source map: see link.ts. */
	js: string;
	/** Whether the function is an async one. */
	async: boolean;
	/** The name of the file that stack traces show, e.g. "cell 3". */
	file: string;
	/** The names it declares that hold values. */
	names: string[];
	/** Of these, the ones declared with var. */
	vars: string[];
	/** Those that must not be changed before the cell declares them. */
	guarded: string[];
	/** Of the names, the constants. */
	constants: string[];
	/** Of these, the ones that functions of earlier cells would write, as the variables that they were. */
	fixed: string[];
	/** Files beside the notebook that it imports, compiled. */
	modules: { path: string; data: string }[];
	/** What it imports from packages without types; default: nothing. */
	unchecked?: Unchecked[];
}

/** What became of a cell in the process that runs it. */
export interface Outcome {
	/** What its last expression evaluates to, by mime type. */
	data?: Record<string, unknown>;
	metadata?: Record<string, unknown>;
	failure?: Failure;
	/** The names that it declares and had given a value to when it ended. */
	assigned: string[];
	/** Whether it was interrupted and went on with what it had. */
	stopped: boolean;
}

/** From the kernel to the process that runs the cells. */
export type Command =
	| { kind: "run"; cell: number; code: CellCode; takesInput: boolean }
	| { kind: "input"; value: string };

/** From the process that runs the cells to the kernel; each comes with a body. `cell` says which one it belongs to. */
export type Report =
	/** A message for the clients; the body is its content as JSON. */
	| { kind: "publish"; cell: number; type: string }
	/** Printed text; the body is the text. */
	| { kind: "text"; cell: number; stream: "stdout" | "stderr" }
	/** A line of input is wanted; the body is { prompt, password } as JSON. */
	| { kind: "input"; cell: number }
	/** The cell is done; the body is its `Outcome` as JSON. */
	| { kind: "done"; cell: number };

const sizes = 8; // bytes before each report: the lengths of its head and of its body

/** A report as bytes: the two lengths, the head as JSON, the body. */
export function encodeReport(report: Report, body: string): Buffer {
	const head = JSON.stringify(report);
	const headLength = Buffer.byteLength(head);
	const bodyLength = Buffer.byteLength(body);
	const bytes = Buffer.allocUnsafe(sizes + headLength + bodyLength);
	bytes.writeUInt32LE(headLength, 0);
	bytes.writeUInt32LE(bodyLength, 4);
	bytes.write(head, sizes);
	bytes.write(body, sizes + headLength);
	return bytes;
}

/** A receiver of bytes, in pieces of any size, that passes on the reports in them. */
export function decodeReports(
	pass: (report: Report, body: Buffer) => void,
): (bytes: Buffer) => void {
	let pieces: Buffer[] = [];
	let length = 0;
	let wanted = sizes;
	return (bytes) => {
		pieces.push(bytes);
		length += bytes.length;
		if (length < wanted) return;
		let rest = Buffer.concat(pieces, length);
		while (rest.length >= sizes) {
			const body = sizes + rest.readUInt32LE(0);
			const end = body + rest.readUInt32LE(4);
			wanted = end;
			if (rest.length < end) break;
			const head = JSON.parse(rest.toString("utf8", sizes, body));
			pass(head, rest.subarray(body, end));
			rest = rest.subarray(end);
			wanted = sizes;
		}
		pieces = [rest];
		length = rest.length;
	};
}
