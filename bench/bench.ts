import { fork } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { gemmRate } from "./gemm";
import { machine, ownVersions } from "./machine";
import { rowReport, tableLines } from "./report";
import type { RowAnswer, RowRequest } from "./row";
import type { Report, Row, Suite } from "./types";

/** Where lines go. */
export interface Output {
	stdout(line: string): void;
	stderr(line: string): void;
}

const terminal: Output = { stdout: console.log, stderr: console.error };

/**
 * The benchmark's command line: see run.ts.
 * @param suites by name, the file of each; it exports `suite`.
 * @returns the exit code: 1 where something was asked for wrongly or a row failed.
 */
export async function bench(
	args: string[],
	suites: Record<string, string>,
	output: Output = terminal,
): Promise<number> {
	try {
		const { names, json, rows, rounds } = parse(args, suites);
		const chosen = chooseRows(names, suites, rows);
		const log = json ? output.stderr : output.stdout;
		const { report, failed } = await inFolder(async (whole, signal) => {
			const ready: Ready[] = [];
			for (const { name, suite, rows } of chosen) {
				const folder = join(whole, name);
				mkdirSync(folder);
				await suite.prepare?.(folder, rows);
				for (const row of rows) ready.push({ row, file: suites[name], folder });
			}
			return measureRows(ready, { rounds, signal }, log, output.stderr);
		});
		if (json) output.stdout(JSON.stringify(report, null, 2));
		return failed ? 1 : 0;
	} catch (error) {
		output.stderr((error as Error).message);
		return 1;
	}
}

function parse(args: string[], suites: Record<string, string>) {
	const { values, positionals } = parseArgs({
		args,
		allowPositionals: true,
		options: {
			json: { type: "boolean", default: false },
			rows: { type: "string", default: "" },
			rounds: { type: "string" },
		},
	});
	const names = [...new Set(positionals)];
	const unknown = names.find((name) => !Object.hasOwn(suites, name));
	if (unknown !== undefined || names.length === 0)
		throw new Error(
			`${unknown === undefined ? "A suite is needed" : `There is no suite "${unknown}"`}: give one of ${Object.keys(suites).join(", ")}, as in "npm run bench -- ${Object.keys(suites)[0]}".`,
		);
	const rounds =
		values.rounds === undefined ? undefined : Number(values.rounds);
	if (rounds !== undefined && !(Number.isInteger(rounds) && rounds > 0))
		throw new Error(
			`--rounds is "${values.rounds}"; a whole number above 0 is needed.`,
		);
	return { ...values, names, rounds };
}

/** Of each suite the rows whose name contains the text. */
function chooseRows(
	names: string[],
	suites: Record<string, string>,
	text: string,
): { name: string; suite: Suite; rows: Row[] }[] {
	const all = names.map((name) => {
		const { suite } = require(suites[name]) as { suite: Suite };
		const rows = suite.rows.filter((row) => row.name.includes(text));
		return { name, suite, rows };
	});
	const chosen = all.filter(({ rows }) => rows.length > 0);
	if (chosen.length === 0)
		throw new Error(
			`No row's name contains "${text}"; the rows are ${all.flatMap(({ suite }) => suite.rows.map(({ name }) => `"${name}"`)).join(", ")}.`,
		);
	return chosen;
}

/** A row to measure. */
interface Ready {
	row: Row;
	/** Of its suite. */
	file: string;
	/** What its suite prepared. */
	folder: string;
}

/** Does the work with a temporary folder, which is gone afterwards; `signal` says that the work is to be broken off. */
async function inFolder<T>(
	work: (folder: string, signal: AbortSignal) => Promise<T>,
): Promise<T> {
	const folder = mkdtempSync(join(tmpdir(), "sparselens-bench-"));
	const control = new AbortController();
	const stop = () =>
		control.abort(new Error("The benchmark was broken off; nothing is left."));
	process.on("SIGINT", stop).on("SIGTERM", stop); // npm may pass one on twice
	try {
		return await work(folder, control.signal);
	} finally {
		process.off("SIGINT", stop).off("SIGTERM", stop);
		rmSync(folder, { recursive: true, force: true });
	}
}

async function measureRows(
	ready: Ready[],
	{ rounds, signal }: Pick<RowRequest, "rounds"> & { signal: AbortSignal },
	log: (line: string) => void,
	complain: (line: string) => void,
): Promise<{ report: Report; failed: boolean }> {
	const report: Report = {
		machine: machine(),
		versions: ownVersions(),
		rows: [],
	};
	const { cpu, cores, os } = report.machine;
	const table = tableLines(ready.map(({ row }) => row.name));
	const counted = ready.some(({ row }) => row.flops);
	const gflops = counted ? await gemmRate() : undefined;
	let failed = false;
	log(`${cpu}, ${cores} cores, ${os}`);
	if (gflops) log(`Gemm of ONNX Runtime: ${Math.round(gflops)} GFLOP/s`);
	log(table.head);
	for (const { row, file, folder } of ready) {
		const request = { suite: file, name: row.name, folder, rounds };
		const answer = await askRow(request, signal);
		signal.throwIfAborted();
		if ("error" in answer) {
			failed = true;
			complain(`The row "${row.name}" failed: ${answer.error}`);
			continue;
		}
		const line = rowReport(row, answer.measured, gflops);
		report.rows.push(line);
		Object.assign(report.versions, answer.versions);
		log(table.row(line, answer.note));
	}
	log(
		Object.entries(report.versions)
			.map(([name, version]) => `${name} ${version}`)
			.join("; "),
	);
	return { report, failed };
}

/** Has one row measured by a process of its own, whose prints go to stderr; it is over when this returns. */
function askRow(request: RowRequest, signal: AbortSignal): Promise<RowAnswer> {
	return new Promise((resolve) => {
		const child = fork(join(__dirname, "row.ts"), [JSON.stringify(request)], {
			execArgv: ["--require", join(__dirname, "typescript.cjs")],
			stdio: ["ignore", 2, 2, "ipc"],
			signal,
			killSignal: "SIGKILL",
		});
		let answer: RowAnswer | undefined;
		child.once("message", (message: RowAnswer) => {
			answer = message;
		});
		child.on("error", () => undefined); // broken off: its end follows
		child.once("exit", (code, by) =>
			resolve(answer ?? { error: `its process ended early (${by ?? code}).` }),
		);
	});
}
