import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { writeLossy } from "../output";
import type { Failure } from "./failure";
import {
	type CellCode,
	type Command,
	decodeReports,
	interruptPipe,
	type Outcome,
	type Report,
	reportPipe,
} from "./messages";

/** What the process that runs the cells tells; `cell` says which one it belongs to. */
export interface CellEvents {
	/** A message for the clients; the content is JSON. */
	publish(cell: number, type: string, content: Buffer): void;
	print(cell: number, stream: string, text: string): void;
	/** A line of input is wanted. */
	ask(cell: number, wanted: { prompt: string; password: boolean }): void;
	/** The process ended, and the variables are gone. */
	lost(why: Failure): void;
}

/** What became of a cell; where the process ended, it is `lost` with all variables. */
type Ended = Outcome & { lost?: true };

/** The process that runs the cells. */
export interface CellProcess {
	run(cell: number, code: CellCode, takesInput: boolean): Promise<Ended>;
	interrupt(cell: number): void;
	type(value: string): void;
	close(): void;
}

// --no-force-async-hooks-checks: Node would end the process when the code of a cell is ended inside of a callback
const options = new Set([
	...process.execArgv,
	"--enable-source-maps",
	"--no-force-async-hooks-checks",
]);

const patience = 3000; // ms from a process's last words to its end

/** Starts the process, and another one for the first cell after it ended. */
export function startCellProcess(events: CellEvents): CellProcess {
	let running: { cell: number; resolve(outcome: Ended): void } | undefined;
	let last = 0; // the latest cell
	let dying = ""; // the last words of the process
	let child: ChildProcess | undefined = start();

	function start(): ChildProcess {
		const process = spawn(
			globalThis.process.execPath,
			[...options, join(__dirname, "cell/main.js")],
			{ stdio: ["ignore", "pipe", "pipe", "pipe", "pipe", "ipc"] },
		);
		const pipes = process.stdio as (Readable | Writable)[];
		(pipes[reportPipe] as Readable).on("data", decodeReports(receive));
		pipes[interruptPipe].on("error", () => {}); // it is gone, which `close` tells
		// what native code prints; what Node says of its own end is no output of the cell
		dying = "";
		const lives = () => {
			if (process !== child || !dying) return;
			events.print(last, "stderr", dying);
			dying = "";
		};
		for (const stream of ["stdout", "stderr"] as const) {
			process[stream]?.setEncoding("utf8");
			process[stream]?.on("data", (text) => {
				const ending = dying || lastWords.test(text);
				if (ending && !dying) setTimeout(lives, patience);
				if (ending) dying += text;
				else events.print(last, stream, text);
			});
		}
		process.on("error", () => {});
		process.on("close", (code, signal) => {
			if (process === child) end(code, signal);
		});
		return process;
	}

	function receive(report: Report, body: Buffer): void {
		const { kind, cell } = report;
		if (kind === "publish") events.publish(cell, report.type, body);
		else if (kind === "text")
			events.print(cell, report.stream, body.toString());
		else if (kind === "input") events.ask(cell, JSON.parse(body.toString()));
		else if (running?.cell === cell) {
			const { resolve } = running;
			running = undefined;
			resolve(JSON.parse(body.toString()));
		}
	}

	function end(code: number | null, signal: string | null): void {
		const failure = death(code, signal, dying);
		writeLossy(globalThis.process.stderr, dying);
		const cell = running;
		running = undefined;
		child = undefined;
		events.lost(failure);
		cell?.resolve({ failure, assigned: [], stopped: false, lost: true });
	}

	const send = (command: Command) => {
		if (child?.connected) child.send(command, () => {}); // where it ends meanwhile, `close` tells
	};
	return {
		run: (cell, code, takesInput) =>
			new Promise((resolve) => {
				child ??= start();
				last = cell;
				running = { cell, resolve };
				send({ kind: "run", cell, code, takesInput });
			}),
		interrupt: (cell) => {
			(child?.stdio?.[interruptPipe] as Writable | undefined)?.write(
				`${cell}\n`,
			);
		},
		type: (value) => send({ kind: "input", value }),
		close: () => {
			const process = child;
			child = undefined; // its end is no surprise
			process?.kill("SIGKILL");
		},
	};
}

const lastWords = /<--- Last few GCs|FATAL ERROR|----- Native stack trace/;

/** Why the process ended, as far as one can tell. */
function death(
	code: number | null,
	signal: string | null,
	words: string,
): Failure {
	const how = signal ? `signal ${signal}` : `exit code ${code}`;
	const why = /heap out of memory|Allocation failed/.test(words)
		? "its JavaScript memory was full; NODE_OPTIONS=--max-old-space-size=8000, set before Jupyter starts, allows 8 GB"
		: signal === "SIGKILL"
			? `${how}; often the machine's memory was full`
			: how;
	const evalue = `The process that runs the cells ended (${why}). All variables are gone: run the cells again from the top.`;
	return {
		ename: "ProcessEnded",
		evalue,
		traceback: [`ProcessEnded: ${evalue}`],
	};
}
