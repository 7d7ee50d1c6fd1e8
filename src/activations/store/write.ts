import { existsSync, mkdirSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { appendToFile, ofPart, writeError, writeFileAtomic } from "../../files";
import {
	countRows,
	difference,
	indexFile,
	indexText,
	isStoreFile,
	isThere,
	journalFile,
	readIndex,
	readJournal,
	type Shard,
	type StoreIndex,
	sentencesFile,
} from "./format";
import { type Hold, isLock, lock } from "./lock";
import { sentenceLines } from "./sentences";
import { type StoreJob, shardWriter } from "./shards";

/**
 * Makes a store, or what is missing of it: shard after shard, each whole before it is in the journal. What is there
 * already is not made again. Throws as `extract` says; then the shards that are whole stay.
 */
export async function writeStore(job: StoreJob): Promise<void> {
	const { folder } = job;
	if (isComplete(folder, checkFolder(job))) return;
	try {
		mkdirSync(folder, { recursive: true });
	} catch (error) {
		throw writeError(error, folder);
	}
	const hold = await lock(folder);
	try {
		const index = checkFolder(job) ?? begin(job);
		removeParts(folder);
		if (!existsSync(sentencesFile(folder)))
			writeFileAtomic(sentencesFile(folder), sentenceLines(job.sentences));
		await writeShards(job, index, hold);
	} finally {
		hold.free();
	}
}

/** The index of the store in a folder, undefined where there is none yet. Throws where the folder holds something else. */
function checkFolder({ folder, index }: StoreJob): StoreIndex | undefined {
	if (!existsSync(folder)) return undefined;
	if (!statSync(folder).isDirectory())
		throw new Error(
			`${folder} is a file, where a folder to keep activations in was expected; give another name.`,
		);
	const there = readIndex(folder);
	const differs = there && difference(there, index);
	if (differs)
		throw new Error(
			`The store ${folder} was made with ${differs}: give another folder or the same arguments; nothing was changed.`,
		);
	if (there) return there;
	const foreign = readdirSync(folder).filter(
		(name) => !isLock(name) && !isStoreFile(ofPart(name) ?? ""),
	);
	if (foreign.length > 0)
		throw new Error(
			`The folder ${folder} is not empty ("${foreign[0]}") and holds no activation store: give an empty folder or a new one.`,
		);
	return undefined;
}

function isComplete(folder: string, index: StoreIndex | undefined): boolean {
	if (!index || index.n_tokens === null) return false;
	const shards = readJournal(folder);
	return (
		existsSync(sentencesFile(folder)) &&
		shards.every((shard) => isThere(folder, shard)) &&
		countRows(shards) === index.n_tokens
	);
}

function begin({ folder, index }: StoreJob): StoreIndex {
	writeFileAtomic(indexFile(folder), indexText(index));
	return index;
}

/** What processes that were killed left behind. */
function removeParts(folder: string): void {
	for (const name of readdirSync(folder))
		if (isStoreFile(ofPart(name) ?? ""))
			rmSync(join(folder, name), { force: true });
}

async function writeShards(
	job: StoreJob,
	index: StoreIndex,
	hold: Hold,
): Promise<void> {
	const { folder, sentences } = job;
	const shards = readJournal(folder, true);
	const write = shardWriter(job, shards, hold);
	const journal = journalFile(folder);
	for (const [i, shard] of shards.entries()) {
		if (isThere(folder, shard)) continue;
		const again = await write(i, shard.from);
		if (!again || JSON.stringify(again) === JSON.stringify(shard)) continue;
		shards[i] = again; // another machine rounds otherwise
		writeFileAtomic(journal, shards.map(journalLine));
	}
	const end = () => shards.at(-1)?.next ?? { sentence: 0, token: 0 };
	while (end().sentence < sentences.text.length) {
		const shard = await write(shards.length, end());
		if (!shard) break; // the texts that are left have no tokens
		hold.check();
		appendToFile(journal, journalLine(shard));
		shards.push(shard);
	}
	const n_tokens = countRows(shards);
	if (n_tokens === 0)
		throw new Error(
			`The data set "${sentences.name}" has no token besides special ones.`,
		);
	if (index.n_tokens !== n_tokens)
		writeFileAtomic(indexFile(folder), indexText({ ...index, n_tokens }));
}

function journalLine(shard: Shard): string {
	return `${JSON.stringify(shard)}\n`;
}
