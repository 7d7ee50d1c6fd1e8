/**
 * Extracts to a folder in a process of its own, which a test can kill. Its argument is a `Job` as JSON. It writes
 * "ready" before it begins, "." after each batch, and in the end "done" or "error: " and why.
 */
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import { extract, openActivations } from "../../src/activations";
import { loadModel } from "../../src/model";
import { setProgressSink } from "../../src/progress";
import { dieAt } from "../die";
import { madeSentences } from "./made";

export interface Job {
	model: string;
	to: string;
	sentences: number;
	shard_tokens: number;
	/** Kills itself in the middle of the so-many-th write, or instead of the so-many-th fsync, rename or close. */
	killAt?: number;
	/** Allows no file to become larger, in bytes. */
	largestFile?: number;
	/** Goes on as another user. */
	uid?: number;
}

const say = (text: string) => fs.writeSync(1, text);

async function main(job: Job): Promise<void> {
	const model = await loadModel(job.model);
	const sentences = madeSentences(job.sentences);
	await extract(model, ["a"], { hook_name: "hook_embed" }); // whatever is loaded late is loaded now
	if (job.largestFile)
		execFileSync("prlimit", [
			`--fsize=${job.largestFile}`,
			`--pid=${process.pid}`,
		]);
	if (job.uid) process.setuid?.(job.uid);
	setProgressSink(() => say("."));
	say("ready");
	if (job.killAt) dieAt(job.killAt);
	const { to, shard_tokens } = job;
	try {
		const hook_name = "blocks.1.hook_resid_post";
		await extract(model, sentences, { hook_name, to, shard_tokens });
		await openActivations(to);
		say("done");
	} catch (error) {
		say(`error: ${(error as Error).message}`);
	}
	process.exit();
}

main(JSON.parse(process.argv[2]));
