import { type Stream, writeLossy } from "../output";
import type { Progress } from "../progress";
import { type Drawing, progressLines } from "./lines";

/**
 * A sink for progress (`setProgressSink`) outside a notebook: of what takes over a second, a line on stderr every five
 * seconds and one at its end. In a terminal the line of what runs is overwritten in place. Where stderr cannot be written to,
 * the line is lost and the work goes on.
 */
export function plainProgress(progress: Progress): void {
	lines ??= open();
	lines.report(progress);
}

let lines: ReturnType<typeof progressLines> | undefined;

function open() {
	const made = plainLines(process.stderr);
	process.once("exit", made.flush);
	return made;
}

/** Lines of progress on a stream. */
export function plainLines(stream: Stream, now?: () => number) {
	const pace = {
		after: 1000,
		running: stream.isTTY ? 100 : 5000,
		finished: 5000,
	};
	return progressLines(
		({ state, text }) => writeLossy(stream, line(stream, state, text)),
		pace,
		now,
	);
}

function line(
	{ isTTY, columns = 80 }: Stream,
	state: Drawing["state"],
	text: string,
): string {
	const safe = text.replace(/\p{Cc}/gu, "");
	if (!isTTY) return `${safe}\n`;
	const end = state === "running" ? "" : "\n";
	return `\r\x1b[K${end ? safe : safe.slice(0, columns - 1)}${end}`;
}
