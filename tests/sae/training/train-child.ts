/**
 * Trains with checkpoints in a process of its own, which a test can kill. Its argument is a `Job` as JSON. It ends by
 * itself where it is not killed.
 */
import { type TrainOptions, trainSae } from "../../../src/sae";
import { dieAt } from "../../die";
import { planted } from "../fakes";

export interface Job {
	options: TrainOptions;
	/** Kills itself in the middle of the so-many-th write, or instead of the so-many-th fsync, rename or close. */
	killAt?: number;
}

/** The same rows wherever they are made. */
export function rowsToTrainOn() {
	return planted(2000, { d_in: 20, d_true: 40, active: 3 }).acts;
}

async function main({ options, killAt }: Job): Promise<void> {
	if (killAt) dieAt(killAt);
	await trainSae(rowsToTrainOn(), options);
}

if (require.main === module) void main(JSON.parse(process.argv[2]));
