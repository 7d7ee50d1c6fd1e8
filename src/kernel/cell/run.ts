import { setImmediate as nextTurn } from "node:timers/promises";
import {
	beginInterruptible,
	type Counts,
	endInterruptible,
} from "../../interrupt";
import { type Failure, failureOf, interrupted } from "../failure";
import type { CellCode, Outcome } from "../messages";
import type { Outputs } from "./outputs";
import type { OpenCell, Scope } from "./scope";
import { bundleOf } from "./value";

/** Runs cells, one at a time. */
export interface Runner {
	/** Runs a cell until it and all that it shows are done. Never rejects. */
	run(cell: number, code: CellCode): Promise<Outcome>;
	/**
	 * Ends a cell. Where it awaits something that stops by itself and gives what it has (see `untilInterrupted`), it goes
	 * on with that, and ends where it is interrupted again.
	 */
	interrupt(cell: number): void;
}

/** A runner of cells in a scope. `counts`: those that the thread which watches over them looks at. */
export function createRunner(
	scope: Scope,
	outputs: Outputs,
	counts: Counts,
): Runner {
	let interrupt = (_cell: number) => {};
	let early = 0; // a cell that is interrupted before it is here

	/** Runs a cell. It may be ended from outside at any line, and then nothing behind that line is run. */
	const attempt = async (cell: OpenCell): Promise<Partial<Outcome>> => {
		let failure: Failure | undefined;
		let shown: Partial<Outcome> = {};
		try {
			const value = await cell.run();
			if (value !== undefined && value !== null) shown = await bundleOf(value);
		} catch (thrown) {
			failure = failureOf(thrown);
		}
		const failed = await outputs.settled();
		if (failed) {
			outputs.abandon();
			failure ??= failureOf(failed.reason);
		}
		return failure ? { failure } : shown;
	};

	const run: Runner["run"] = async (cell, code) => {
		outputs.begin(cell);
		const tell = beginInterruptible(counts);
		let stopped = false;
		let opened: OpenCell | undefined;
		const ended = new Promise<Partial<Outcome>>((resolve) => {
			interrupt = (which) => {
				if (which !== cell) early = which;
				else if (tell() === "stopping") stopped = true;
				else resolve({ failure: interrupted });
			};
			const start = async () => {
				opened = scope.open(code);
				return attempt(opened);
			};
			// on a stack of its own, so that this function goes on when that stack is ended from outside
			setImmediate(() => {
				start().then(resolve, (error) =>
					resolve({ failure: failureOf(error) }),
				);
			});
		});
		if (early === cell) interrupt(cell);
		const outcome = await ended;
		if (outcome.failure === interrupted) outputs.abandon();
		interrupt = (which) => {
			if (which > cell) early = which;
		};
		endInterruptible();
		await nextTurn(); // what no code caught is reported before the cell is done
		const assigned = opened?.end(outcome.failure !== undefined) ?? [];
		return { ...outcome, assigned, stopped };
	};
	return { run, interrupt: (cell) => interrupt(cell) };
}
