import { createHash } from "node:crypto";
import { join } from "node:path";
import type { Sentences } from "../../dataset";
import { toFloat16 } from "../../formats/half";
import {
	bytesOf,
	type TensorToWrite,
	writeSafetensors,
} from "../../formats/safetensors";
import type { Decoder } from "../../model";
import { reportProgress } from "../../progress";
import { type Context, contextsOf, type Place } from "../contexts";
import { intoArray, progressLabel, runContexts } from "../run";
import type { ExtractSettings, TokenRows } from "../types";
import { layOut, makeWindow, type Window } from "../window";
import { type Shard, type StoreIndex, shardName } from "./format";
import type { Hold } from "./lock";

/** Contexts made between two looks at the event loop. */
const AT_ONCE = 256;

/** What a store is made from. */
export interface StoreJob {
	folder: string;
	model: Decoder;
	sentences: Sentences;
	settings: ExtractSettings;
	/** What the store's index will be. */
	index: StoreIndex;
}

/**
 * Makes shard number i, which begins at a place in the data set; undefined where no token is left. The memory for its
 * values is used again for the next.
 */
export function shardWriter(
	job: StoreJob,
	known: readonly Shard[],
	hold: Hold,
) {
	const { folder, model, sentences, settings, index } = job;
	const { shard_tokens } = index.options;
	const memory = index.hooks.map(() => ({
		values: new Float32Array(0),
		halves: new Uint16Array(0),
	}));
	const window = makeWindow(shard_tokens);
	const progress = progressOf(job);
	let contexts: { at: Place; rest: Generator<Context> } | undefined;
	return async (i: number, from: Place): Promise<Shard | undefined> => {
		if (contexts?.at !== from)
			contexts = {
				at: from,
				rest: contextsOf(model, sentences, settings, from),
			};
		const next = await fill(window, contexts.rest, job);
		if (!next) return undefined;
		const { rows, firstRow } = layOut(window);
		const n = rows.sentence.length;
		const before = known[i - 1];
		const first_row = before ? before.first_row + before.rows : 0;
		const targets = index.hooks.map((hook, h) => {
			const length = n * hook.d_in;
			if (memory[h].values.length < length)
				memory[h].values = new Float32Array(withRoom(length));
			return { ...hook, into: memory[h].values.subarray(0, length) };
		});
		const puts = targets.map((target) => intoArray(target, target.into));
		await runContexts(model, window, firstRow, puts, {
			texts: sentences.text,
			settings,
			told: progress(first_row, n, next),
		});
		const hooks = targets.map(({ hook_name, d_in, into }, h) => {
			const shape = [n, d_in];
			if (index.dtype === "float32")
				return [hook_name, { shape, data: into }] as const;
			if (memory[h].halves.length < into.length)
				memory[h].halves = new Uint16Array(withRoom(into.length));
			const halves = memory[h].halves.subarray(0, into.length);
			return [hook_name, halved(hook_name, shape, into, halves)] as const;
		});
		const file = shardName(i);
		hold.check();
		const { bytes, sha256 } = writeShard(join(folder, file), rows, hooks);
		contexts.at = next;
		return { file, first_row, rows: n, bytes, from, next, sha256 };
	};
}

/** Windows are not all of one length: a little more, so that the memory is not made anew for each longer one. */
function withRoom(length: number): number {
	return Math.ceil(1.125 * length);
}

/**
 * Fills a window with contexts that together have at least `shard_tokens` tokens, or with all that are left. Returns
 * where the next one begins, undefined where none is left.
 */
async function fill(
	window: Window,
	contexts: Generator<Context>,
	{ index, settings }: StoreJob,
): Promise<Place | undefined> {
	window.clear();
	let next: Place | undefined;
	while (window.first[window.count()] < index.options.shard_tokens) {
		if (window.count() % AT_ONCE === 0) {
			await new Promise(setImmediate);
			settings.signal?.throwIfAborted();
		}
		const { value, done } = contexts.next();
		if (done) break;
		window.add(value);
		next = value.next;
	}
	return next;
}

function halved(
	hook_name: string,
	shape: number[],
	values: Float32Array,
	halves: Uint16Array,
): TensorToWrite {
	toFloat16(values, halves);
	const infinite = halves.findIndex((half) => (half & 0x7fff) === 0x7c00);
	if (infinite >= 0)
		throw new Error(
			`A value at "${hook_name}" is ${values[infinite].toPrecision(4)}, where float16 goes no further than 65504: extract to another folder with dtype "float32".`,
		);
	return { shape, data: halves, dtype: "F16" };
}

function writeShard(
	file: string,
	rows: TokenRows,
	hooks: (readonly [string, TensorToWrite])[],
): Pick<Shard, "bytes" | "sha256"> {
	const n = rows.sentence.length;
	const { position, ...wide } = rows;
	const columns = (some: Partial<TokenRows>): [string, TensorToWrite][] =>
		Object.entries(some).map(([name, data]) => [name, { shape: [n], data }]);
	// Numbers of 4 bytes first: then each tensor begins where numbers of its size may.
	const tensors = Object.fromEntries(
		[...hooks, ...columns(wide), ...columns({ position })].sort(
			([, a], [, b]) => b.data.BYTES_PER_ELEMENT - a.data.BYTES_PER_ELEMENT,
		),
	);
	const bytes = writeSafetensors(file, tensors);
	const sha256 = Object.fromEntries(
		Object.entries(tensors).map(([name, { data }]) => [
			name,
			createHash("sha256").update(bytesOf(data)).digest("hex"),
		]),
	);
	return { bytes, sha256 };
}

/** How many rows there will be is known at the end only: until then by the share of the characters that are done. */
function progressOf({ sentences: { text }, index }: StoreJob) {
	const label = progressLabel(index.hooks);
	const before = new Float64Array(text.length + 1);
	for (const [i, { length }] of text.entries())
		before[i + 1] = before[i] + length;
	return (first_row: number, n: number, next: Place) => {
		let done = first_row;
		const rows = first_row + n;
		const share = before[next.sentence] / before[text.length];
		const total = share > 0 ? Math.round(rows / share) : rows;
		return (more: number) => {
			done += more;
			reportProgress({ label, done, total, unit: "tokens" });
		};
	};
}
