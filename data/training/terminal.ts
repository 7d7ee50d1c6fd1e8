import type { Progress } from "../../src/progress";

/** A progress bar for the terminal: one line that is written over; in a log file, a line every half minute. */
export function progressBar(): (progress: Progress) => void {
	const { stderr } = process;
	let label = "";
	let began = 0;
	let shown = 0;
	let first = 0; // where it stood when it began, after a resume
	return (progress) => {
		const now = performance.now();
		if (progress.label !== label) {
			if (label && stderr.isTTY) stderr.write("\n");
			[label, began, shown, first] = [progress.label, now, 0, progress.done];
		}
		const done = progress.done >= progress.total;
		const pause = stderr.isTTY ? 200 : 30_000;
		if (!done && shown && now - shown < pause) return;
		shown = now;
		const share = progress.done / progress.total;
		const made = progress.done - first;
		const left = made
			? (((now - began) / 1000) * (progress.total - progress.done)) / made
			: 0;
		const bar = "█".repeat(Math.round(24 * share)).padEnd(24, "░");
		const line = `${label} ${bar} ${progress.done}/${progress.total} ${progress.unit}, ${clock(left)} left${progress.note ? `, ${progress.note}` : ""}`;
		stderr.write(
			stderr.isTTY ? `\r\x1b[K${line}${done ? "\n" : ""}` : `${line}\n`,
		);
		if (done) label = "";
	};
}

function clock(seconds: number): string {
	const whole = Math.round(seconds);
	return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}
