import { format } from "node:util";
import { displayOf } from "../notebook/records";
import { createCellExecutor, type Executor } from "./compiler";
import { compileFailure, type Failure, failureOf } from "./failure";

/** What became of a cell: at most one of the two. */
export interface Outcome {
	/** What its last expression evaluates to, by mime type. */
	data?: Record<string, unknown>;
	failure?: Failure;
}

/** Runs cells, one at a time. */
export interface Cells {
	run(code: string): Promise<Outcome>;
	executor: Executor;
}

/** A value's own representations, where it has the method that Deno's kernel introduced; a result record's table; or text. */
async function bundleOf(value: unknown): Promise<Record<string, unknown>> {
	const display = (value as { [key: symbol]: unknown })?.[
		Symbol.for("Jupyter.display")
	];
	if (typeof display === "function") return await display.call(value);
	return displayOf(value) ?? { "text/plain": format(value) };
}

/** A runner of cells whose variables last as long as it does. */
export function createCells(): Cells {
	let results: unknown[] = [];
	let thrown: { value: unknown } | undefined;
	let findings: string[] = [];
	const executor = createCellExecutor({
		log: (value) => results.push(value),
		error: (...args) => {
			if (args.length === 1) thrown = { value: args[0] };
			else findings.push(format(...args));
		},
	});

	const run = async (code: string): Promise<Outcome> => {
		results = [];
		findings = [];
		thrown = undefined;
		try {
			if (!(await executor.execute(code))) {
				return {
					failure: thrown
						? failureOf((thrown as { value: unknown }).value)
						: compileFailure(findings, code),
				};
			}
			for (const finding of findings) console.error(finding); // in a cell that only declares a module
			return results.length ? { data: await bundleOf(results[0]) } : {};
		} catch (error) {
			return { failure: failureOf(error) };
		}
	};
	return { run, executor };
}
