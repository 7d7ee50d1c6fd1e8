import { StringDecoder } from "node:string_decoder";
import type { Message } from "./wire";

/** One message to the clients; null while its content is still being made. */
interface Output {
	parent: Message;
	type: string;
	content: object | null;
}

/** What cells show and print, on its way to the clients. */
export interface Outputs {
	/** From now on, outputs belong to this request. */
	begin(parent: Message): void;
	/** Shows something, behind all that came before. Throws when the content cannot be sent as JSON. */
	show(type: string, content: object): void;
	/** Keeps the place of an output whose content is still being made, if there will be one. */
	reserve(work: Promise<{ type: string; content: object } | undefined>): void;
	/** A replacement of the write() of process.stdout or process.stderr. */
	writer(name: "stdout" | "stderr"): typeof process.stdout.write;
	/** Sends the text gathered so far. */
	flush(): void;
	/** Resolves when no reserved place is empty, with the first failure in making one. */
	settled(): Promise<{ reason: unknown } | undefined>;
	/** Gives up the reserved places that are still empty. */
	abandon(): void;
}

const pause = 50; // ms between two messages of printed text
const enough = 1 << 16; // characters sent without a pause

/**
 * Outputs in the order of the calls that made them; printed text is gathered and sent 20 times a second. Text from
 * before the first request, which belongs to none, goes to `early`.
 */
export function createOutputs(
	send: (parent: Message, type: string, content: object) => void,
	early: (text: string) => void,
): Outputs {
	let parent: Message | undefined;
	let queue: Output[] = [];
	let empty: Promise<void>[] = [];
	let failure: { reason: unknown } | undefined;

	const release = () => {
		while (queue[0]?.content) {
			const { parent, type, content } = queue[0];
			queue.shift();
			send(parent, type, content as object);
		}
	};
	const push = (type: string, content: object | null): Output | undefined => {
		if (!parent) return undefined;
		if (!queue.length && content) {
			send(parent, type, content); // at once, so that what cannot be sent throws where it was made
			return undefined;
		}
		const output = { parent, type, content };
		queue.push(output);
		return output;
	};
	const text = gatherText((name, text) => {
		if (parent) push("stream", { name, text });
		else early(text);
	});

	const reserve: Outputs["reserve"] = (work) => {
		text.flush();
		const place = push("", null);
		const leave = () => {
			queue = queue.filter((output) => output !== place);
		};
		const filled = work.then(
			(output) => {
				if (place && output) Object.assign(place, output);
				else leave();
			},
			(reason) => {
				if (place && queue.includes(place)) failure ??= { reason }; // else it was given up
				leave();
			},
		);
		empty.push(
			filled.then(release).catch((reason) => {
				failure ??= { reason };
			}),
		);
	};

	return {
		begin: (request) => {
			text.flush();
			parent = request;
		},
		show: (type, content) => {
			text.flush();
			push(type, content);
		},
		reserve,
		writer: (name) => text.writer(name),
		flush: text.flush,
		settled: async () => {
			while (empty.length) await Promise.all(empty.splice(0));
			const first = failure;
			failure = undefined;
			return first;
		},
		abandon: () => {
			queue = queue.filter((output) => output.content);
			empty = [];
			failure = undefined;
			release();
		},
	};
}

/** Gathers what is printed, stream by stream. */
function gatherText(send: (name: string, text: string) => void) {
	let name = "";
	let text = "";
	let sent = 0;
	let timer: NodeJS.Timeout | undefined;

	const flush = () => {
		clearTimeout(timer);
		timer = undefined;
		if (!text) return;
		const gathered = text;
		text = "";
		sent = Date.now();
		send(name, gathered);
	};
	const writer = (stream: string): typeof process.stdout.write => {
		const decoder = new StringDecoder("utf8"); // a character may be cut between two writes
		return (
			chunk: string | Uint8Array,
			encodingOrDone?: BufferEncoding | ((error?: Error) => void),
			done?: (error?: Error) => void,
		) => {
			if (stream !== name) flush();
			name = stream;
			text +=
				typeof chunk === "string" ? chunk : decoder.write(Buffer.from(chunk));
			if (Date.now() - sent > pause || text.length > enough) flush();
			else timer ??= setTimeout(flush, pause);
			const call = typeof encodingOrDone === "function" ? encodingOrDone : done;
			if (call) process.nextTick(call);
			return true;
		};
	};
	return { flush, writer };
}
