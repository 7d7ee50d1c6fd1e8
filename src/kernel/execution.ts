import { setTimeout as sleep } from "node:timers/promises";
import { writeLossy } from "../output";
import type { Compiler } from "./compiler";
import { type Failure, failureOf, withLine } from "./failure";
import type { Past } from "./history";
import type { Outcome } from "./messages";
import { startCellProcess } from "./process";
import type { Sockets } from "./sockets";
import { gatherText } from "./text";
import type { Message } from "./wire";

/** The content of an execute_request. */
interface ExecuteRequest {
	code: string;
	silent?: boolean;
	store_history?: boolean;
	user_expressions?: Record<string, string>;
	stop_on_error?: boolean;
	allow_stdin?: boolean;
}

/** The content of an execute_reply. */
type ExecuteReply =
	| {
			status: "ok";
			execution_count: number;
			user_expressions: Record<string, object>;
			payload: object[];
	  }
	| ({ status: "error"; execution_count: number } & Failure);

/** The cells that run and wait. */
export interface Execution {
	/** Runs a cell when those before it are done. */
	add(request: Message): void;
	/** The request whose cell runs. */
	running(): Message | undefined;
	/** Interrupts the cell that runs; those that wait are aborted with it. */
	interrupt(): void;
	/** Hands a line of input to the cell that asked for one. */
	type(line: string): void;
	/** The cells that ran, oldest first. */
	past: readonly Past[];
	/** Ends the process that runs the cells. */
	close(): void;
}

const grace = 50; // ms in which requests that are on their way arrive

/**
 * Runs execute requests one by one and answers them. A cell that fails takes with it all that were sent before its reply.
 * `notice`: what the user should know first, e.g. that the build is out of date.
 */
export function createExecution(
	compiler: Compiler,
	sockets: Sockets,
	notice: string,
): Execution {
	const waiting: Message[] = [];
	const past: Past[] = [];
	const codes = new Map<string, string>(); // of cells, by the name in stack traces
	let current: Message | undefined;
	let count = 0;
	let uncounted = 0;
	let stopping = false; // whether the cell that runs was interrupted and goes on

	// Each piece of code that is run has a number, by which what it prints and shows finds its request.
	let number = 0;
	let parents = new Map<number, Message>();
	const begin = (request: Message) => {
		const before = parents.get(number);
		parents = new Map(before && [[number, before]]);
		parents.set(++number, request);
	};

	let printing: Message | undefined;
	const text = gatherText((name, text) => {
		if (printing) sockets.publish(printing, "stream", { name, text });
		else writeLossy(process.stderr, text); // before the first cell
	});
	const print = (parent: Message | undefined, name: string, more: string) => {
		if (parent !== printing) text.flush();
		printing = parent;
		text.add(name, more);
	};
	const show = (
		parent: Message | undefined,
		type: string,
		content: object | Buffer,
	) => {
		text.flush();
		if (parent) sockets.publish(parent, type, content);
	};
	const status = (parent: Message, execution_state: "busy" | "idle") =>
		show(parent, "status", { execution_state });

	const cells = startCellProcess({
		publish: (cell, type, content) => show(parents.get(cell), type, content),
		print: (cell, stream, text) => print(parents.get(cell), stream, text),
		ask: (cell, wanted) => {
			const parent = parents.get(cell);
			text.flush();
			if (parent) sockets.reply("stdin", parent, "input_request", wanted);
		},
		lost: ({ traceback }) => {
			compiler.reset();
			if (!current)
				print(parents.get(number), "stderr", `${traceback.join("\n")}\n`);
		},
	});

	/**
	 * Compiles code and runs it until it and all that it shows are done. What is not counted, such as an expression, has a
	 * name of its own in stack traces.
	 */
	const evaluate = async (
		request: Message,
		code: string,
		counted: boolean,
	): Promise<Outcome> => {
		const file = counted ? `cell ${count}` : `code ${++uncounted}`;
		const none = { assigned: [], stopped: false };
		codes.set(file, code);
		const compiled = compiler.compile(code, file);
		if ("failure" in compiled) return { failure: compiled.failure, ...none };
		begin(request);
		for (const warning of compiled.warnings) {
			print(request, "stderr", `${warning}\n`);
		}
		const { allow_stdin = false } = request.content as ExecuteRequest;
		const outcome = await cells.run(number, compiled.code, allow_stdin);
		if (!outcome.lost) compiled.settle(outcome);
		stopping ||= outcome.stopped;
		const { failure } = outcome;
		return failure
			? { ...outcome, failure: withLine(failure, codes) }
			: outcome;
	};

	const execute = async (request: Message): Promise<ExecuteReply> => {
		const content = request.content as ExecuteRequest;
		const { code, silent, store_history = true } = content;
		const entry: Past = { line: count + 1, code, result: null };
		const counted = store_history && !silent;
		if (counted) {
			count++;
			past.push(entry);
		}
		const execution_count = count;
		if (!silent) show(request, "execute_input", { code, execution_count });
		if (notice) print(request, "stderr", `${notice}\n`);
		notice = "";
		const {
			failure,
			data,
			metadata = {},
		} = await evaluate(request, code, counted);
		if (failure) {
			show(request, "error", failure);
			return { status: "error", execution_count, ...failure };
		}
		entry.result = data ? String(data["text/plain"] ?? "") : null;
		if (data && !silent) {
			show(request, "execute_result", { execution_count, data, metadata });
		}
		const user_expressions: Record<string, object> = {};
		for (const [name, expression] of Object.entries(
			content.user_expressions ?? {},
		)) {
			const value = await evaluate(request, expression, false);
			const { failure, data = {}, metadata = {} } = value;
			user_expressions[name] = failure
				? { status: "error", ...failure }
				: { status: "ok", data, metadata };
		}
		return { status: "ok", execution_count, user_expressions, payload: [] };
	};

	const runNext = async (request: Message) => {
		status(request, "busy");
		stopping = false;
		let reply: ExecuteReply;
		try {
			reply = await execute(request);
		} catch (error) {
			const failure = failureOf(error); // such as one of the compiler's own
			show(request, "error", failure);
			reply = { status: "error", execution_count: count, ...failure };
		}
		const { stop_on_error } = request.content as ExecuteRequest;
		const failed = reply.status === "error" && stop_on_error !== false;
		let aborted: Message[] = [];
		if (failed || stopping) {
			await sleep(grace);
			aborted = waiting.splice(0);
		}
		text.flush();
		sockets.reply("shell", request, "execute_reply", reply);
		status(request, "idle");
		for (const other of aborted) {
			status(other, "busy");
			sockets.reply("shell", other, "execute_reply", { status: "aborted" });
			status(other, "idle");
		}
	};

	const drain = async () => {
		if (current) return;
		while (waiting.length) {
			current = waiting.shift() as Message;
			await runNext(current);
		}
		current = undefined;
	};

	return {
		add: (request) => {
			waiting.push(request);
			void drain();
		},
		running: () => current,
		interrupt: () => cells.interrupt(number),
		type: cells.type,
		past,
		close: cells.close,
	};
}
