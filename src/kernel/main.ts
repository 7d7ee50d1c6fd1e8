// The Jupyter kernel:  node dist/kernel/main.js CONNECTION_FILE
import { setTimeout as sleep } from "node:timers/promises";
import { type Cells, createCells } from "./cells";
import { serveTslabDisplay } from "./compiler";
import { createExecution, type Execution } from "./execution";
import { failureOf } from "./failure";
import { type DisplayMessage, type KernelHook, kernelHookKey } from "./hook";
import { createOutputs, type Outputs } from "./outputs";
import { answer } from "./requests";
import { type Channel, openSockets, type Sockets } from "./sockets";
import type { Message } from "./wire";

/** Answers a request that is not for a cell to run; a cell may run meanwhile. */
async function respond(
	channel: Channel,
	request: Message,
	sockets: Sockets,
	cells: Cells,
	execution: Execution,
): Promise<void> {
	const type = request.header.msg_type;
	const replyType = type.replace("_request", "_reply");
	const status = (parent: Message, execution_state: "busy" | "idle") =>
		sockets.publish(parent, "status", { execution_state });
	status(request, "busy");
	try {
		const content = answer(type, request.content, cells.executor, execution);
		if (content) {
			sockets.reply(channel, request, replyType, { status: "ok", ...content });
		} else if (type === "comm_open") {
			const { comm_id } = request.content as { comm_id: string };
			sockets.publish(request, "comm_close", { comm_id, data: {} }); // nobody listens to comms here
		}
	} catch (error) {
		sockets.reply(channel, request, replyType, {
			status: "error",
			...failureOf(error),
		});
	}
	status(request, "idle");
	const running = execution.running();
	if (running) status(running, "busy"); // the kernel as a whole still is
	if (type === "shutdown_request") {
		await sleep(100); // for the reply to leave
		cells.executor.close();
		sockets.close();
		process.exit(0);
	}
}

/** Makes the hook that cells find on globalThis, and the receiver of what users type. */
function createHook(
	outputs: Outputs,
	execution: Execution,
	sockets: Sockets,
): { hook: KernelHook; typed(value: string): void } {
	let typed: (value: string) => void = () => {};
	const hook: KernelHook = {
		publish: ({ data, metadata = {}, transient = {} }, update = false) =>
			outputs.show(update ? "update_display_data" : "display_data", {
				data,
				metadata,
				transient,
			}),
		pending: (work) =>
			outputs.reserve(
				(work as Promise<DisplayMessage | undefined>).then((message) =>
					message
						? {
								type: "display_data",
								content: { metadata: {}, transient: {}, ...message },
							}
						: undefined,
				),
			),
		clear: (wait = false) => outputs.show("clear_output", { wait }),
		input: async (prompt = "", password = false) => {
			const running = execution.running();
			const { allow_stdin } = (running?.content ?? {}) as {
				allow_stdin?: boolean;
			};
			if (!running || !allow_stdin) {
				throw new Error(
					"A line of input was asked for, but this client takes none; run the notebook in Jupyter.",
				);
			}
			outputs.flush();
			sockets.reply("stdin", running, "input_request", { prompt, password });
			return new Promise((resolve) => {
				typed = resolve;
			});
		},
	};
	return { hook, typed: (value) => typed(value) };
}

/** Ends this process soon after the client that started it was killed. */
function dieWithParent(): void {
	if (!process.env.JPY_PARENT_PID) return;
	const parent = process.ppid;
	setInterval(() => {
		if (process.ppid !== parent) process.exit(1);
	}, 2000).unref();
}

async function main(connectionFile: string | undefined): Promise<void> {
	if (!connectionFile) {
		throw new Error(
			"No connection file was given; Jupyter starts this kernel with one: main.js CONNECTION_FILE.",
		);
	}
	const early: [Channel, Message][] = []; // what comes before the rest is ready
	let receive = (channel: Channel, message: Message) => {
		early.push([channel, message]);
	};
	const sockets = await openSockets(connectionFile, (channel, message) =>
		receive(channel, message),
	);
	const terminal = process.stderr.write.bind(process.stderr);
	const outputs = createOutputs(sockets.publish, terminal);
	const cells = createCells();
	const execution = createExecution(cells, outputs, sockets);
	const { hook, typed } = createHook(outputs, execution, sockets);

	(globalThis as { [kernelHookKey]?: KernelHook })[kernelHookKey] = hook;
	serveTslabDisplay(hook.publish);
	process.stdout.write = outputs.writer("stdout");
	process.stderr.write = outputs.writer("stderr");
	process.on("SIGINT", () => execution.interrupt());
	process.on("uncaughtException", (error) =>
		console.error("Uncaught exception:", error),
	);
	process.on("unhandledRejection", (reason) =>
		console.error("Unhandled rejection:", reason),
	);
	dieWithParent();

	receive = (channel, message) => {
		const type = message.header.msg_type;
		if (type === "execute_request") execution.add(message);
		else if (type === "input_reply")
			typed((message.content as { value: string }).value);
		else void respond(channel, message, sockets, cells, execution);
	};
	for (const [channel, message] of early) receive(channel, message);
}

main(process.argv[2]).catch((error) => {
	process.stderr.write(`${(error as Error).message}\n`);
	process.exit(1);
});
