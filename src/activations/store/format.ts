import { existsSync, readFileSync, statSync, truncateSync } from "node:fs";
import { join } from "node:path";
import type { HookName, ModelInfo } from "../../model";
import type { Place } from "../contexts";
import type { Hook } from "../run";
import type { StoreDtype } from "../types";

/*
 * A store is a folder:
 *
 *     index.json                what was extracted, from what, and how; n_tokens is null until all of it is there
 *     sentences.jsonl           the sentences, one a line
 *     shards.jsonl              the shards that are there, one a line, in order
 *     shard-000000.safetensors  for each hook a tensor [rows, d_in] named as the hook, and for each row its
 *                               sentence, position, token, start, end
 *
 * Only shards.jsonl grows; every other file appears whole. Nothing in it depends on the time, the machine or on
 * interruptions.
 */

export const FORMAT = "sparselens-activations";
const VERSION = 1;

/** What was extracted, from what, and how. */
export interface StoreIndex {
	format: typeof FORMAT;
	version: number;
	/** As it was loaded, without its folder. */
	model: Omit<ModelInfo, "folder">;
	/** Of the model's files; see `fingerprint`. */
	fingerprint: string;
	hooks: Hook[];
	dtype: StoreDtype;
	/** Where a norm's hook_normalized is among the hooks: older versions have it after gain and shift, and do not say so. */
	hook_normalized?: "before gain and shift";
	options: {
		prepend_bos: boolean;
		include_bos: boolean;
		context_size: number | null;
		center_writing_weights: boolean;
		batch_tokens: number;
		shard_tokens: number;
	};
	/** `sha256` is of sentences.jsonl; `skipped` sentences were left out (`skip_untokenizable`); `notes` are the sentences' own. */
	sentences: {
		name: string;
		count: number;
		sha256: string;
		skipped?: number;
		notes?: string[];
	};
	/** Rows in all; null while the store is not finished. */
	n_tokens: number | null;
}

/** One shard, as a line of shards.jsonl. */
export interface Shard {
	file: string;
	/** Rows before it. */
	first_row: number;
	rows: number;
	/** The file's size. */
	bytes: number;
	/** The place in the data set where its first context begins. */
	from: Place;
	/** Where the next shard's does. */
	next: Place;
	/** Of each tensor's bytes. */
	sha256: Record<string, string>;
}

export const rowNames = [
	"sentence",
	"position",
	"token",
	"start",
	"end",
] as const;

export const indexFile = (folder: string) => join(folder, "index.json");
export const sentencesFile = (folder: string) =>
	join(folder, "sentences.jsonl");
export const journalFile = (folder: string) => join(folder, "shards.jsonl");

export function shardName(i: number): string {
	return `shard-${String(i).padStart(6, "0")}.safetensors`;
}

/** Whether a file's name is one that a store uses. */
export function isStoreFile(name: string): boolean {
	return /^(index\.json|sentences\.jsonl|shards\.jsonl|shard-\d{6,}\.safetensors)$/.test(
		name,
	);
}

/** Whether a shard's file is there whole, by its size; its checksums are for those who read it. */
export function isThere(folder: string, { file, bytes }: Shard): boolean {
	return (
		statSync(join(folder, file), { throwIfNoEntry: false })?.size === bytes
	);
}

export function countRows(shards: readonly Shard[]): number {
	return shards.reduce((n, { rows }) => n + rows, 0);
}

/** Whether a hook is a norm's value before gain and shift, by today's names. */
export function isNormalized({ hook_name }: Hook): boolean {
	return hook_name.endsWith(".hook_normalized");
}

/** A fresh index. */
export function newIndex(
	known: Omit<StoreIndex, "format" | "version" | "n_tokens">,
): StoreIndex {
	const { hooks, ...rest } = known;
	return {
		...{ format: FORMAT, version: VERSION, ...rest, hooks },
		...(hooks.some(isNormalized) && {
			hook_normalized: "before gain and shift",
		}),
		n_tokens: null,
	};
}

export function indexText(index: StoreIndex): string {
	return `${JSON.stringify(index, null, "\t")}\n`;
}

/** The index of a store; undefined where the folder has none. Throws where it is not one of ours, or of a later version. */
export function readIndex(folder: string): StoreIndex | undefined {
	const file = indexFile(folder);
	if (!existsSync(file)) return undefined;
	let index: unknown;
	try {
		index = JSON.parse(readFileSync(file, "utf8"));
	} catch {
		throw new Error(
			`${file} cannot be read as JSON, so it is no index of an activation store; give another folder.`,
		);
	}
	const { format, version } = (index ?? {}) as Partial<StoreIndex>;
	if (format !== FORMAT)
		throw new Error(
			`${file} is no index of an activation store (its format is not "${FORMAT}"); give another folder.`,
		);
	if (version !== VERSION)
		throw new Error(
			`The store ${folder} has version ${version} of the format, where version ${VERSION} can be read; extract again to another folder.`,
		);
	if (!isIndex(index))
		throw new Error(
			`${file} is damaged: a field is missing or has the wrong type; extract again to another folder.`,
		);
	return index;
}

function isIndex(value: unknown): value is StoreIndex {
	const { model, fingerprint, hooks, dtype, options, sentences, n_tokens } =
		value as Partial<StoreIndex>;
	return (
		typeof model?.name === "string" &&
		typeof fingerprint === "string" &&
		Array.isArray(hooks) &&
		hooks.length > 0 &&
		hooks.every((h) => typeof h?.hook_name === "string" && isCount(h.d_in)) &&
		(dtype === "float32" || dtype === "float16") &&
		typeof options === "object" &&
		options !== null &&
		typeof sentences?.sha256 === "string" &&
		isCount(sentences.count) &&
		(sentences.notes === undefined ||
			(Array.isArray(sentences.notes) &&
				sentences.notes.every((note) => typeof note === "string"))) &&
		(n_tokens === null || isCount(n_tokens))
	);
}

/**
 * The shards that are in the journal, in order. A line that a kill or a power cut left unfinished ends the list, and
 * with `repair` it is cut off.
 */
export function readJournal(folder: string, repair = false): Shard[] {
	const file = journalFile(folder);
	if (!existsSync(file)) return [];
	const bytes = readFileSync(file);
	const shards: Shard[] = [];
	let [good, rows] = [0, 0];
	for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, good)) {
		const shard = parseShard(bytes.toString("utf8", good, end));
		if (!shard || shard.file !== shardName(shards.length)) break;
		if (shard.first_row !== rows) break;
		shards.push(shard);
		rows += shard.rows;
		good = end + 1;
	}
	if (repair && good < bytes.length) truncateSync(file, good);
	return shards;
}

function parseShard(line: string): Shard | undefined {
	try {
		const shard = JSON.parse(line) as Shard;
		const { first_row, rows, bytes, from, next, sha256 } = shard;
		const counts = [first_row, rows, bytes];
		const places = [from.sentence, from.token, next.sentence, next.token];
		return [...counts, ...places].every(isCount) && typeof sha256 === "object"
			? shard
			: undefined;
	} catch {
		return undefined;
	}
}

function isCount(value: unknown): value is number {
	return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** What differs between a store and what was asked for, in words; undefined where nothing does. */
export function difference(
	store: StoreIndex,
	asked: StoreIndex,
): string | undefined {
	const hooks = (index: StoreIndex) =>
		index.hooks
			.map(({ hook_name }): HookName => hook_name)
			.sort()
			.join(", ");
	const [was, is] = [store.model.fingerprint, asked.model.fingerprint];
	const other = was !== undefined && is !== undefined && was !== is;
	if (other || store.fingerprint !== asked.fingerprint)
		return store.model.name === asked.model.name
			? `other weights of the model "${asked.model.name}"`
			: `the model "${store.model.name}", not "${asked.model.name}"`;
	if (hooks(store) !== hooks(asked))
		return `the hook ${hooks(store)}, not ${hooks(asked)}`;
	if (store.hook_normalized !== asked.hook_normalized)
		return "an older version, whose hook_normalized was what is hook_out now, after the norm's gain and shift";
	if (store.dtype !== asked.dtype)
		return `dtype "${store.dtype}", not "${asked.dtype}"`;
	for (const [name, value] of Object.entries(asked.options)) {
		const other = store.options[name as keyof StoreIndex["options"]];
		if (other !== value)
			return `${name} ${other ?? "not set"}, not ${value ?? "not set"}`;
	}
	if (store.sentences.sha256 !== asked.sentences.sha256)
		return `other sentences (${store.sentences.count} of "${store.sentences.name}", not ${asked.sentences.count} of "${asked.sentences.name}")`;
	return undefined;
}
