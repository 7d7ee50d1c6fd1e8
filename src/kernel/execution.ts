import { setTimeout as sleep } from "node:timers/promises";
import { beginInterruptible, endInterruptible } from "../interrupt";
import type { Cells, Outcome } from "./cells";
import { type Failure, failureOf, interrupted } from "./failure";
import type { Past } from "./history";
import type { Outputs } from "./outputs";
import type { Sockets } from "./sockets";
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
	/**
	 * Ends the cell that runs; those that wait are aborted with it. Where the cell awaits something that stops by itself and
	 * gives what it has (see `untilInterrupted`), it goes on with that, and ends where it is interrupted again.
	 */
	interrupt(): void;
	/** The cells that ran, oldest first. */
	past: readonly Past[];
}

const grace = 50; // ms in which requests that are on their way arrive

/** Runs execute requests one by one and answers them. A cell that fails takes with it all that were sent before its reply. */
export function createExecution(
	cells: Cells,
	outputs: Outputs,
	sockets: Sockets,
): Execution {
	const waiting: Message[] = [];
	const past: Past[] = [];
	let current: Message | undefined;
	let count = 0;
	let interrupt = () => {};
	let stopping = false; // whether the cell that runs was interrupted and goes on

	const status = (parent: Message, execution_state: "busy" | "idle") =>
		sockets.publish(parent, "status", { execution_state });

	/** Runs code until it and all that it shows are done. */
	const evaluate = async (code: string): Promise<Outcome> => {
		const tell = beginInterruptible();
		const stopped = new Promise<{ reason: unknown }>((resolve) => {
			interrupt = () => {
				if (tell() === "stopping") {
					stopping = true;
					return;
				}
				cells.executor.interrupt();
				resolve({ reason: interrupted });
			};
		});
		const outcome = await cells.run(code);
		const failed = await Promise.race([outputs.settled(), stopped]);
		if (!failed) return outcome;
		outputs.abandon();
		if (outcome.failure) return outcome;
		const { reason } = failed;
		return {
			failure: reason === interrupted ? interrupted : failureOf(reason),
		};
	};

	const execute = async (request: ExecuteRequest): Promise<ExecuteReply> => {
		const { code, silent, store_history = true } = request;
		const entry: Past = { line: count + 1, code, result: null };
		if (store_history && !silent) {
			count++;
			past.push(entry);
		}
		const execution_count = count;
		if (!silent) outputs.show("execute_input", { code, execution_count });
		const { failure, data } = await evaluate(code);
		if (failure) {
			outputs.show("error", failure);
			return { status: "error", execution_count, ...failure };
		}
		entry.result = data ? String(data["text/plain"] ?? "") : null;
		if (data && !silent) {
			outputs.show("execute_result", { execution_count, data, metadata: {} });
		}
		const user_expressions: Record<string, object> = {};
		for (const [name, expression] of Object.entries(
			request.user_expressions ?? {},
		)) {
			const { failure, data = {} } = await evaluate(expression);
			user_expressions[name] = failure
				? { status: "error", ...failure }
				: { status: "ok", data, metadata: {} };
		}
		return { status: "ok", execution_count, user_expressions, payload: [] };
	};

	const runNext = async (request: Message) => {
		const content = request.content as ExecuteRequest;
		status(request, "busy");
		outputs.begin(request);
		stopping = false;
		let reply: ExecuteReply;
		try {
			reply = await execute(content);
		} catch (error) {
			const failure = failureOf(error); // such as a value that cannot be sent
			outputs.show("error", failure);
			reply = { status: "error", execution_count: count, ...failure };
		}
		let aborted: Message[] = [];
		const failed = reply.status === "error" && content.stop_on_error !== false;
		if (failed || stopping) {
			await sleep(grace);
			aborted = waiting.splice(0);
		}
		outputs.flush();
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
			interrupt = () => {};
			endInterruptible();
		}
		current = undefined;
	};

	return {
		add: (request) => {
			waiting.push(request);
			void drain();
		},
		running: () => current,
		interrupt: () => interrupt(),
		past,
	};
}
