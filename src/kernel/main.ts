// The Jupyter kernel:  node dist/kernel/main.js CONNECTION_FILE
//
// Two processes: this one speaks with Jupyter and compiles; the other runs the cells (cell/main.ts), whatever they do.
import { setTimeout as sleep } from "node:timers/promises";
import { writeLossy } from "../output";
import { type Compiler, createCompiler } from "./compiler";
import { createExecution, type Execution } from "./execution";
import { failureOf } from "./failure";
import { outdatedBuild } from "./outdated";
import { answer } from "./requests";
import { type Channel, openSockets, type Sockets } from "./sockets";
import type { Message } from "./wire";

/** Answers a request that is not for a cell to run; a cell may run meanwhile. */
async function respond(
	channel: Channel,
	request: Message,
	sockets: Sockets,
	compiler: Compiler,
	execution: Execution,
): Promise<void> {
	const type = request.header.msg_type;
	const replyType = type.replace("_request", "_reply");
	const status = (parent: Message, execution_state: "busy" | "idle") =>
		sockets.publish(parent, "status", { execution_state });
	status(request, "busy");
	try {
		const content = answer(
			type,
			request.content,
			compiler,
			execution,
			sockets.ports,
		);
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
		execution.close();
		compiler.close();
		sockets.close();
		process.exit(0);
	}
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
	dieWithParent();
	process.on("SIGINT", () => {}); // there is no cell yet
	const compiler = createCompiler();
	const execution = createExecution(compiler, sockets, outdatedBuild());
	process.on("SIGINT", execution.interrupt);

	receive = (channel, message) => {
		const type = message.header.msg_type;
		if (type === "execute_request") execution.add(message);
		else if (type === "input_reply")
			execution.type((message.content as { value: string }).value);
		else void respond(channel, message, sockets, compiler, execution);
	};
	for (const [channel, message] of early) receive(channel, message);
}

main(process.argv[2]).catch((error) => {
	writeLossy(process.stderr, `${(error as Error).message}\n`);
	process.exit(1);
});
