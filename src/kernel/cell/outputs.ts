import { StringDecoder } from "node:string_decoder";
import { failureOf } from "../failure";
import type { Outcome, Report } from "../messages";

/** One output; null while its content is still being made. */
interface Output {
	cell: number;
	type: string;
	content: string | null;
}

/** What cells show and print, on its way out of the process. */
export interface Outputs {
	/** From now on, outputs belong to this cell. */
	begin(cell: number): void;
	/** Shows something, behind all that came before. Throws when the content cannot be sent as JSON. */
	show(type: string, content: object): void;
	/** Keeps the place of an output whose content is still being made, if there will be one. */
	reserve(work: Promise<{ type: string; content: object } | undefined>): void;
	/** A replacement of the write() of process.stdout or process.stderr. */
	writer(stream: "stdout" | "stderr"): typeof process.stdout.write;
	/** Resolves when no reserved place is empty, with the first failure in making one. */
	settled(): Promise<{ reason: unknown } | undefined>;
	/** Gives up the reserved places that are still empty. */
	abandon(): void;
	/** Says what became of a cell. */
	end(cell: number, outcome: Outcome): void;
}

const most = 32e6; // characters that one cell prints and that are shown

/** Outputs in the order of the calls that made them. What one cell prints beyond 32 million characters is not sent. */
export function createOutputs(
	send: (report: Report, body: string) => void,
): Outputs {
	let cell = 0;
	let printed = 0;
	let queue: Output[] = [];
	let empty: Promise<void>[] = [];
	let failure: { reason: unknown } | undefined;

	const leave = ({ cell, type, content }: Output) => {
		const stream = type === "stdout" || type === "stderr" ? type : undefined;
		if (stream) send({ kind: "text", cell, stream }, content ?? "");
		else if (type === "input") send({ kind: "input", cell }, content ?? "");
		else send({ kind: "publish", cell, type }, content ?? "");
	};
	const release = () => {
		while (queue[0] && queue[0].content !== null)
			leave(queue.shift() as Output);
	};
	const push = (type: string, content: string | null): Output => {
		const output = { cell, type, content };
		if (queue.length || content === null) queue.push(output);
		else leave(output);
		return output;
	};

	const print = (stream: "stdout" | "stderr", text: string) => {
		const room = most - printed;
		printed += text.length;
		if (room > 0) push(stream, text.length > room ? text.slice(0, room) : text);
	};
	/** Says how much of a cell's text was left out. */
	const account = () => {
		const left = printed - most;
		printed = 0;
		if (left <= 0) return;
		const all = (left + most).toLocaleString("en-US");
		push(
			"stderr",
			`\nThis cell printed ${all} characters; only the first ${most.toLocaleString("en-US")} are shown. Write that much into a file.\n`,
		);
	};

	const reserve: Outputs["reserve"] = (work) => {
		const place = push("", null);
		const filled = work.then(
			(output) => {
				if (output) {
					place.type = output.type;
					place.content = JSON.stringify(output.content);
				} else queue = queue.filter((other) => other !== place);
			},
			(reason) => {
				if (queue.includes(place)) failure ??= { reason }; // else it was given up
				queue = queue.filter((other) => other !== place);
			},
		);
		empty.push(
			filled
				.catch((reason) => {
					failure ??= { reason }; // such as a content that cannot be sent
					queue = queue.filter((other) => other !== place);
				})
				.then(release),
		);
	};

	return {
		begin: (next) => {
			cell = next;
			printed = 0;
		},
		show: (type, content) => {
			push(type, JSON.stringify(content));
		},
		reserve,
		writer: (stream) => writer((text) => print(stream, text)),
		settled: async () => {
			while (empty.length) await Promise.all(empty.splice(0));
			account();
			const first = failure;
			failure = undefined;
			return first;
		},
		abandon: () => {
			queue = queue.filter(({ content }) => content !== null);
			empty = [];
			failure = undefined;
			release();
			account();
		},
		end: (cell, outcome) => {
			send({ kind: "done", cell }, outcomeJson(outcome));
		},
	};
}

/** An outcome as JSON; what cannot be sent as such, like a circular value, is the failure of the cell. */
function outcomeJson(outcome: Outcome): string {
	try {
		return JSON.stringify(outcome);
	} catch (error) {
		const { assigned, stopped } = outcome;
		return JSON.stringify({ failure: failureOf(error), assigned, stopped });
	}
}

/** A write() that hands on text; a character may be cut between two writes. */
function writer(print: (text: string) => void): typeof process.stdout.write {
	const decoder = new StringDecoder("utf8");
	return (
		chunk: string | Uint8Array,
		encodingOrDone?: BufferEncoding | ((error?: Error | null) => void),
		done?: (error?: Error | null) => void,
	) => {
		print(
			typeof chunk === "string" ? chunk : decoder.write(Buffer.from(chunk)),
		);
		const call = typeof encodingOrDone === "function" ? encodingOrDone : done;
		if (call) process.nextTick(call);
		return true;
	};
}
