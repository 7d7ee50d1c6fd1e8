import { existsSync } from "node:fs";
import type { Sentences, Split } from "../../dataset";
import { fromFloat16 } from "../../formats/half";
import { type AnyHookName, type HookName, knownHook } from "../../model";
import { random } from "../../random";
import { nearNames } from "../../suggest";
import { mix } from "../mixing";
import { chosenBatches, shuffleSettings } from "../options";
import { emptyRows } from "../rows";
import type {
	Activations,
	BatchOptions,
	ShuffleOptions,
	TokenRows,
} from "../types";
import {
	countRows,
	isNormalized,
	isThere,
	readIndex,
	readJournal,
	rowNames,
	type Shard,
	type StoreIndex,
	sentencesFile,
} from "./format";
import { damaged, readBytes, readBytesSync } from "./read";
import { readSentences } from "./sentences";

export interface OpenOptions {
	/** One of the store's hooks; default: the only one. */
	hook_name?: AnyHookName;
}

/**
 * The activations that `extract` wrote to a folder: they stay there, and are read as they are asked for.
 * Each shard is compared with its checksum when a process first reads it.
 * Throws where the folder holds no finished store, and on a hook that the store does not have.
 */
export async function openActivations(
	folder: string,
	options: OpenOptions = {},
): Promise<Activations> {
	const index = readIndex(folder);
	if (!index)
		throw new Error(
			existsSync(folder)
				? `The folder ${folder} holds no activation store: extract(model, sentences, { hook_name, to: folder }) makes one.`
				: `There is no folder ${folder}.`,
		);
	const shards = readJournal(folder);
	if (index.n_tokens === null)
		throw new Error(
			`The store ${folder} is not finished (${shards.length} shards so far): extract to it again with the same arguments, and it goes on from there.`,
		);
	const lost = shards.find((shard) => !isThere(folder, shard));
	if (lost) throw damaged(folder, lost, "its size differs");
	const held = countRows(shards);
	if (held !== index.n_tokens)
		throw new Error(
			`The store ${folder} has ${index.n_tokens} tokens, but its shards.jsonl lists only ${held}: extract to it again with the same arguments.`,
		);
	return storeView(folder, index, index.n_tokens, shards, options.hook_name);
}

function storeView(
	folder: string,
	index: StoreIndex,
	n_tokens: number,
	shards: Shard[],
	wanted?: AnyHookName,
): Activations {
	const { hook_name, d_in } = chooseHook(folder, index, wanted);
	const { context_size, prepend_bos, center_writing_weights } = index.options;
	let sentences: Sentences | undefined;
	let rows: TokenRows | undefined;
	const store = {
		kind: "activations" as const,
		hook_name,
		d_in,
		n_tokens,
		get sentences() {
			sentences ??= {
				...readSentences(sentencesFile(folder), index.sentences),
				...(index.sentences.notes && { notes: index.sentences.notes }),
			};
			return sentences;
		},
		get rows() {
			rows ??= readRows(folder, shards, n_tokens);
			return rows;
		},
		model: { ...index.model, folder: "" },
		prepend_bos,
		...(context_size !== null && { context_size }),
		center_writing_weights,
		...(index.sentences.skipped && { skipped: index.sentences.skipped }),
		folder,
		dtype: index.dtype,
		hook_names: index.hooks.map((hook) => hook.hook_name),
	};
	/** The values of shards in the order given, only those of a split where one is given: [rows, d_in] a shard. */
	async function* pieces(
		order: Iterable<number>,
		split?: Split,
		parts?: readonly Split[],
	) {
		const splits = split && (parts ?? store.sentences.split);
		const read = async (i: number) => {
			const values = await readValues(folder, shards[i], store, index);
			if (!splits) return values;
			const sentence = column(folder, shards[i], "sentence");
			return keepRows(values, d_in, (row) => splits[sentence[row]] === split);
		};
		let ahead: Promise<Float32Array> | undefined;
		for (const i of order) {
			const now = ahead;
			ahead = read(i);
			ahead.catch(() => {}); // told when it is waited for, and not at all where nobody does any more
			if (now) yield await now;
		}
		if (ahead) yield await ahead;
	}
	const batches = (options: BatchOptions = {}) => {
		const { size, split, parts } = chosenBatches(options);
		return inBatches(pieces(shards.keys(), split, parts), size * d_in);
	};
	const shuffled = (options: ShuffleOptions) => {
		const { split, parts, ...settings } = shuffleSettings(store, options);
		const source = random(settings.seed);
		const order = Uint32Array.from(shards.keys());
		return mix(
			() => pieces(source.shuffle(order).slice(), split, parts),
			d_in,
			{
				...settings,
				buffer_tokens: Math.min(settings.buffer_tokens, n_tokens),
			},
		);
	};
	return Object.assign(store, { batches, shuffled }); // the getters stay getters
}

function chooseHook(
	folder: string,
	{ hooks, hook_normalized }: StoreIndex,
	wanted?: AnyHookName,
) {
	const names = hooks.map(({ hook_name }) => hook_name);
	if (!wanted && hooks.length > 1)
		throw new Error(
			`The store ${folder} has ${hooks.length} hooks: say which with hook_name ("${names.join('", "')}").`,
		);
	const found = hooks.find(
		({ hook_name }) =>
			hook_name === (wanted ? (knownHook(wanted) ?? wanted) : names[0]),
	);
	if (found && isNormalized(found) && !hook_normalized)
		throw new Error(
			`The store ${folder} was made by an older version, whose "${found.hook_name}" was what is "${found.hook_name.replace("normalized", "out")}" now, after the norm's gain and shift: extract again to another folder, at the hook that is meant.`,
		);
	if (found) return found;
	throw new Error(
		`The store ${folder} has no hook "${wanted}"; it has "${nearNames(String(wanted), names).join('", "')}".`,
	);
}

async function readValues(
	folder: string,
	shard: Shard,
	{ hook_name, d_in }: { hook_name: HookName; d_in: number },
	{ dtype }: StoreIndex,
): Promise<Float32Array> {
	const half = dtype === "float16";
	const bytes = await readBytes(folder, shard, {
		name: hook_name,
		dtype: half ? "F16" : "F32",
		width: d_in,
	});
	return half ? fromFloat16(new Uint16Array(bytes)) : new Float32Array(bytes);
}

function column(
	folder: string,
	shard: Shard,
	name: (typeof rowNames)[number],
): Uint32Array | Uint16Array {
	const [dtype, Type] =
		name === "position"
			? (["U16", Uint16Array] as const)
			: (["U32", Uint32Array] as const);
	return new Type(readBytesSync(folder, shard, { name, dtype }));
}

function readRows(folder: string, shards: Shard[], n: number): TokenRows {
	const rows = emptyRows(n);
	for (const name of rowNames)
		for (const shard of shards)
			rows[name].set(column(folder, shard, name), shard.first_row);
	return rows;
}

function keepRows(
	values: Float32Array,
	d: number,
	keep: (row: number) => boolean,
): Float32Array {
	let to = 0;
	for (let at = 0; at < values.length; at += d) {
		if (!keep(at / d)) continue;
		values.copyWithin(to, at, at + d);
		to += d;
	}
	return values.subarray(0, to);
}

/** The same numbers in batches of one length; the last has what is left. */
async function* inBatches(
	pieces: AsyncIterable<Float32Array>,
	length: number,
): AsyncGenerator<Float32Array> {
	let batch = new Float32Array(length);
	let filled = 0;
	for await (const piece of pieces)
		for (let from = 0; from < piece.length; ) {
			const some = piece.subarray(from, from + length - filled);
			batch.set(some, filled);
			filled += some.length;
			from += some.length;
			if (filled < length) continue;
			yield batch;
			batch = new Float32Array(length);
			filled = 0;
		}
	if (filled > 0) yield batch.subarray(0, filled);
}
