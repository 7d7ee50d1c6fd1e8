import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Publisher, Reply, Router } from "zeromq";
import { decodeMessage, encodeMessage, type Message } from "./wire";

// zeromq is tslab's dependency: take the copy that tslab has, wherever that lies.
const zmq = createRequire(require.resolve("tslab/package.json"))(
	"zeromq",
) as typeof import("zeromq");

/** Where the kernel listens. */
export interface Ports {
	shell_port: number;
	control_port: number;
	iopub_port: number;
	stdin_port: number;
	hb_port: number;
}

/** What Jupyter writes into the connection file. */
interface Connection extends Ports {
	transport: string;
	ip: string;
	key: string;
}

/** The channels on which a request is answered. */
export type Channel = "shell" | "control" | "stdin";

/** The kernel's five sockets. */
export interface Sockets {
	/** Sends to the client that sent `parent`. */
	reply(channel: Channel, parent: Message, type: string, content: object): void;
	/** Sends to every client; `parent` is the request that the message belongs to. */
	publish(parent: Message, type: string, content: object | Buffer): void;
	ports: Ports;
	close(): void;
}

function readConnection(file: string): Connection {
	let connection: Partial<Connection>;
	try {
		connection = JSON.parse(readFileSync(file, "utf8"));
	} catch (error) {
		throw new Error(
			`The connection file ${file} cannot be read: ${(error as Error).message}`,
		);
	}
	if (!connection?.shell_port || connection.key === undefined) {
		throw new Error(
			`${file} is not a Jupyter connection file: it has no shell_port or no key.`,
		);
	}
	return connection as Connection;
}

/**
 * Binds the sockets that a connection file names. Requests go to `receive`, messages with a wrong signature nowhere.
 * zeromq.js makes each 513th send wait for the event loop and refuses all others until then, except with time-out 0;
 * and a publisher drops what is beyond 1000 unsent messages, except with mark 0.
 */
export async function openSockets(
	file: string,
	receive: (channel: Channel, message: Message) => void,
): Promise<Sockets> {
	const connection = readConnection(file);
	const { shell_port, control_port, iopub_port, stdin_port, hb_port } =
		connection;
	const options = { sendTimeout: 0, sendHighWaterMark: 0 };
	const routers: Record<Channel, Router> = {
		shell: new zmq.Router(options),
		control: new zmq.Router(options),
		stdin: new zmq.Router(options),
	};
	const iopub = new zmq.Publisher(options);
	const heartbeat = new zmq.Reply();
	const bind = async (socket: Router | Publisher | Reply, port: number) => {
		const address = `${connection.transport}://${connection.ip}:${port}`;
		try {
			await socket.bind(address);
		} catch (error) {
			throw new Error(
				`The kernel cannot listen on ${address}, which ${file} names: ${(error as Error).message}. Another program may hold that port; start the kernel again.`,
			);
		}
	};
	await Promise.all([
		bind(iopub, iopub_port),
		bind(routers.shell, shell_port),
		bind(routers.control, control_port),
		bind(routers.stdin, stdin_port),
		bind(heartbeat, hb_port),
	]);

	const listen = async (channel: Channel) => {
		for await (const frames of routers[channel]) {
			try {
				receive(channel, decodeMessage(connection.key, frames));
			} catch (error) {
				console.error(`Left out: ${(error as Error).message}`);
			}
		}
	};
	const beat = async () => {
		for await (const frames of heartbeat) await heartbeat.send(frames);
	};
	for (const loop of [
		listen("shell"),
		listen("control"),
		listen("stdin"),
		beat(),
	]) {
		loop.catch(() => {}); // a loop ends when its socket is closed
	}

	const send = (
		socket: Router | Publisher,
		parent: Message,
		type: string,
		content: object | Buffer,
	) => {
		socket
			.send(encodeMessage(connection.key, parent, type, content))
			.catch(() => {}); // the client is gone
	};
	return {
		reply: (channel, parent, type, content) =>
			send(routers[channel], parent, type, content),
		publish: (parent, type, content) =>
			send(iopub, { ...parent, identity: [Buffer.from(type)] }, type, content),
		ports: { shell_port, control_port, iopub_port, stdin_port, hb_port },
		close: () => {
			for (const socket of [...Object.values(routers), iopub, heartbeat])
				socket.close();
		},
	};
}
