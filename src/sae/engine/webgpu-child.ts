import { fork } from "node:child_process";
import { extname, join } from "node:path";
import type { Architecture } from "../types";
import type { TraineeSettings, TraineeShape } from "./trainee";

/** What a training is, as far as its speed depends on it. */
export interface Training {
	architecture: Architecture;
	shape: TraineeShape;
	settings: TraineeSettings;
}

/** Seconds that the same work took. */
export interface Timing {
	cpu: number;
	webgpu: number;
}

/** A product of matrices (whether there is a processor that computes at all), or steps of a training. */
export type Question = { ask: "product" } | ({ ask: "steps" } & Training);

/**
 * Asks a process of its own (webgpu-trial.ts): a graphics driver that crashes takes that one with it and not the
 * notebook, and what it prints is nobody's. Throws, with the reason, where no answer comes.
 */
export function askChild(
	question: Question,
	{
		file = join(__dirname, `webgpu-trial${extname(__filename)}`),
		limit = 120_000,
		signal,
	}: {
		file?: string;
		/** In milliseconds. */
		limit?: number;
		signal?: AbortSignal;
	} = {},
): Promise<Timing> {
	const child = fork(file, [], {
		stdio: ["ignore", "ignore", "ignore", "ipc"],
		serialization: "advanced",
		timeout: limit,
		killSignal: "SIGKILL",
		signal,
	});
	return new Promise((resolve, reject) => {
		child.once("error", reject);
		child.once("exit", (code, killed) => {
			const how =
				killed === "SIGKILL"
					? `it took more than ${limit / 1000} seconds, or was killed`
					: `the driver crashed (${killed ?? `exit code ${code}`})`;
			reject(new Error(how));
		});
		child.once("message", (answer: Timing | { error: string }) => {
			if ("error" in answer) reject(new Error(answer.error));
			else resolve(answer);
			child.disconnect(); // which ends it
		});
		child.send(question);
	});
}
