/** Where lines go, as process.stderr. */
export interface Stream {
	isTTY?: boolean;
	columns?: number;
	write(text: string, done?: (error?: Error | null) => void): unknown;
	once?(event: "error", listener: () => void): unknown;
	removeListener?(event: "error", listener: () => void): unknown;
	listenerCount?(event: "error"): number;
}

/**
 * Writes what may be lost, as console.log does: a closed pipe or a full disk behind the stream loses the text, where a
 * bare `write` would end the program. Errors of what others write to the stream stay theirs.
 */
export function writeLossy(stream: Stream, text: string): void {
	stream.once?.("error", ignore);
	try {
		// An error that comes later is emitted right after this callback.
		stream.write(text, (error) => {
			if (error && stream.listenerCount?.("error") === 0)
				stream.once?.("error", ignore);
		});
	} catch {
	} finally {
		stream.removeListener?.("error", ignore);
	}
}

/** A line on stdout. console.log alone loses the first that meets a closed pipe, and ends the program at the second. */
export function printLine(text: unknown): void {
	const { stdout } = process;
	if (!stdout.listeners("error").includes(ignore)) {
		stdout.on("error", ignore);
		setImmediate(() => stdout.removeListener("error", ignore));
	}
	console.log(text);
}

function ignore(): void {}
