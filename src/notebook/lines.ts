import { randomUUID } from "node:crypto";
import { interruptSignal } from "../interrupt";
import type { Progress } from "../progress";
import { oneLine } from "./html";

/** A line of progress as it is to be drawn. */
export interface Drawing {
	/** Which line; the same for each drawing of it. */
	id: string;
	/** Whether the line has been drawn before. */
	again: boolean;
	state: "running" | "finished" | "stopped";
	text: string;
	done: number;
	total: number;
}

/** Times in milliseconds. */
export interface Pace {
	/** What is over sooner is not drawn. */
	after: number;
	/** The least between two drawings of a line that runs. */
	running: number;
	/** The least before a line that is finished once more is drawn. */
	finished: number;
}

/** Those runs of one label in one cell that went on to their end, and the one at work. */
interface Line {
	id: string;
	cell: AbortSignal | undefined;
	/** Whether it goes on after its cell was interrupted. */
	survives: boolean;
	latest: Progress;
	state: Drawing["state"];
	/** What was done when the run was first heard of, and when that was. */
	first: number;
	began: number;
	heard: number;
	/** Of the runs that are finished: how many, how long they took, how much they did in that time, and in all. */
	times: number;
	spent: number;
	worked: number;
	total: number;
	/** When it was drawn; undefined when not yet. */
	drawn?: number;
	/** Whether it has changed since. */
	stale: boolean;
}

/** What a silent line is given, in milliseconds, before its cell is taken for ended. */
const patience = 1000;

/**
 * Follows what is reported, and draws one line for each label in a cell, once it has taken over a second. A label that
 * comes again in the same cell, as in a loop, counts up its line. A run that ends early, because the cell was
 * interrupted, failed, or began another of the same label, is marked as stopped.
 *
 * `report`: takes a report. `look`: to be called now and then while `look` returns true, for what is seen only by its
 * silence. `holds`: whether the last drawing of a line that is finished waits for its turn; `flush` draws it now.
 */
export function progressLines(
	draw: (drawing: Drawing) => void,
	pace: Pace,
	now: () => number = () => performance.now(),
) {
	const lines = new Map<string, Line>();

	function drawLine(line: Line): void {
		const again = line.drawn !== undefined;
		line.drawn = now();
		line.stale = false;
		const { id, state, latest } = line;
		const { done, total } = latest;
		draw({ id, again, state, text: describe(line, now()), done, total });
	}

	/** Draws a line if it is worth one, and its turn. */
	function refresh(line: Line): void {
		line.stale = true;
		if (line.drawn === undefined && elapsed(line, now()) < pace.after) return;
		const once_more = line.state === "finished" && line.times > 1;
		const least =
			line.state === "running" ? pace.running : once_more ? pace.finished : 0;
		if (now() - (line.drawn ?? -Infinity) >= least) drawLine(line);
	}

	function stop(line: Line): void {
		if (line.state !== "running") return;
		line.state = "stopped";
		if (line.drawn !== undefined) drawLine(line);
		line.stale = false;
	}

	/** The line that a report belongs to. */
	function lineOf(progress: Progress): Line {
		const cell = interruptSignal();
		const line = lines.get(progress.label);
		const before =
			line && line.state !== "finished" && progress.done < line.latest.done;
		const elsewhere = line && line.cell !== cell;
		const goes_on = line?.state === "running" && now() - line.heard < patience;
		if (line && !before && (!elsewhere || goes_on)) return line;
		if (line) stop(line);
		const fresh = newLine(progress, cell, now());
		lines.set(progress.label, fresh);
		return fresh;
	}

	function report(progress: Progress): void {
		const line = lineOf(progress);
		if (line.state === "finished" && repeats(line, progress, now())) {
			line.heard = now();
			return;
		}
		if (line.state === "finished") {
			line.first = progress.done;
			line.began = now();
		}
		if (line.state === "stopped") line.survives = true;
		line.state = "running";
		line.latest = progress;
		line.heard = now();
		if (progress.done >= progress.total) finish(line, now());
		refresh(line);
	}

	function look(): boolean {
		for (const [label, line] of lines) {
			const over = line.cell !== interruptSignal();
			const silent = now() - line.heard >= patience;
			if (line.state === "running" && line.cell?.aborted && !line.survives)
				stop(line);
			else if (over && silent) {
				stop(line);
				lines.delete(label);
			} else if (line.stale) refresh(line);
		}
		const open = [...lines.values()].some(({ state }) => state === "running");
		return open || held().length > 0;
	}

	/** Lines whose last drawing was too short ago. */
	function held(): Line[] {
		return [...lines.values()].filter(
			({ state, stale, drawn }) =>
				state === "finished" && stale && drawn !== undefined,
		);
	}

	function flush(): void {
		held().forEach(drawLine);
	}

	return { report, look, holds: () => held().length > 0, flush };
}

function newLine(
	latest: Progress,
	cell: AbortSignal | undefined,
	now: number,
): Line {
	return {
		id: randomUUID(),
		cell,
		survives: cell?.aborted ?? false,
		latest,
		state: "running",
		first: latest.done,
		began: now,
		heard: now,
		times: 0,
		spent: 0,
		worked: 0,
		total: 0,
		stale: true,
	};
}

function finish(line: Line, now: number): void {
	line.state = "finished";
	line.times++;
	line.spent += now - line.began;
	line.worked += line.latest.done - line.first;
	const { total, unit } = line.latest;
	line.total = unit === "%" ? total : line.total + total;
}

/** Whether the end that a line has come to is reported once more, and not that of another run. */
function repeats({ latest, heard }: Line, next: Progress, now: number) {
	const same = next.done === latest.done && next.total === latest.total;
	return same && now - heard < 50;
}

/** How long the runs of a line have taken, in milliseconds. */
function elapsed(line: Line, now: number): number {
	return line.spent + (line.state === "running" ? now - line.began : 0);
}

function describe(line: Line, now: number): string {
	const { state, times, latest, first, began } = line;
	const { done, total, note } = latest;
	const run = (state === "stopped" ? line.heard : now) - began;
	const at_work = state === "finished" ? 0 : 1; // what is finished is counted already
	const per_second =
		(1000 * (line.worked + at_work * (done - first))) /
		(line.spent + at_work * run);
	const nth = state === "finished" ? times : times + 1;
	const label = nth > 1 ? `${latest.label} (×${nth})` : latest.label;
	const what = amounts(latest.unit);
	const all =
		state === "finished"
			? what.of(line.total)
			: `${what.number(done)} of ${what.of(total)}`;
	const took = `${((state === "finished" ? line.spent : run) / 1000).toFixed(1)} s`;
	const left = (total - done) / per_second;
	const parts = [
		`${label}: ${state === "stopped" ? "stopped at " : ""}${all}`,
		note,
		state !== "running" && took,
		state !== "stopped" &&
			latest.unit !== "%" &&
			worth(per_second) &&
			`${what.rate(per_second)}/s`,
		state === "running" && worth(left) && `${duration(left)} left`,
	];
	return oneLine(parts.filter(Boolean).join(", "), 200);
}

function worth(value: number): boolean {
	return Number.isFinite(value) && value > 0;
}

/** How amounts of a unit are written; bytes in millions. */
function amounts(unit: string) {
	const bytes = unit === "bytes";
	const number = (n: number) =>
		bytes ? (n / 1e6).toFixed(1) : whole.format(Number.isFinite(n) ? n : 0);
	const name = bytes ? "MB" : unit;
	const rate = (n: number) => `${digits.format(bytes ? n / 1e6 : n)} ${name}`;
	return { number, of: (n: number) => `${number(n)} ${name}`, rate };
}

const whole = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });
const digits = new Intl.NumberFormat("en-US", { maximumSignificantDigits: 3 });

function duration(seconds: number): string {
	if (seconds < 90) return `${Math.ceil(seconds)} s`;
	if (seconds < 5400) return `${Math.ceil(seconds / 60)} min`;
	return `${digits.format(seconds / 3600)} h`;
}
