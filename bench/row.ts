/**
 * Measures one row, in a process of its own, since memory is counted by process. Started by run.ts; sends one message.
 */
import { ownVersions, peakMb } from "./machine";
import { peakOf, takeTurns } from "./turns";
import type { Measured, Row, Suite } from "./types";

/** What run.ts asks for, as the one argument, in JSON. */
export interface RowRequest {
	/** The suite's file. */
	suite: string;
	/** The row's name. */
	name: string;
	folder: string;
	rounds?: number;
}

/** The one message. */
export type RowAnswer =
	| { measured: Measured; note: string; versions: Record<string, string> }
	| { error: string };

async function measure(
	row: Row,
	{ folder, rounds }: RowRequest,
): Promise<RowAnswer> {
	const { ours, peer, beside, note } = await row.open(folder);
	const contenders = [ours, peer, beside].filter((c) => c !== undefined);
	try {
		const runs = await takeTurns(
			contenders,
			row.warm_up === false ? 1 : (rounds ?? row.rounds ?? 7),
			row.warm_up,
		);
		const measured: Measured = {
			ours: runs[0],
			...(peer && { peer: { name: peer.name, runs: runs[1] } }),
			...(beside && { beside: runs[runs.length - 1] }),
			peak_mb: peakOf(runs[0]) ?? peakMb(),
		};
		const versions = { ...ownVersions(), ...peer?.versions };
		return { measured, note: note?.(measured) ?? "", versions };
	} finally {
		for (const contender of contenders) await contender.close?.();
	}
}

async function main(): Promise<void> {
	process.once("disconnect", () => process.exit(1)); // the one who asked has gone
	const request = JSON.parse(process.argv[2]) as RowRequest;
	let answer: RowAnswer;
	try {
		const { suite } = require(request.suite) as { suite: Suite };
		const row = suite.rows.find(({ name }) => name === request.name);
		if (!row) throw new Error(`The suite has no row "${request.name}".`);
		answer = await measure(row, request);
	} catch (error) {
		answer = { error: error instanceof Error ? error.message : String(error) };
	}
	process.send?.(answer, () => process.exit());
}

main();
