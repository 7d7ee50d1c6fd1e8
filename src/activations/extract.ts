import type { Sentences } from "../dataset";
import { withoutPaths } from "../files";
import { listenTo } from "../interrupt";
import {
	type AnyHookName,
	type Decoder,
	type HookName,
	hookWidth,
	parseHook,
	type TokenIds,
} from "../model";
import { reportProgress } from "../progress";
import {
	beginsWithBos,
	type Context,
	contextSize,
	contextsOf,
} from "./contexts";
import { givenTexts, tokenizable } from "./given";
import { inMemory, memoryForActivations } from "./memory";
import { whole } from "./options";
import { type Hook, intoArray, progressLabel, runContexts } from "./run";
import {
	fingerprint,
	newIndex,
	openActivations,
	sentencesHash,
	writeStore,
} from "./store";
import type {
	Activations,
	ExtractManyOptions,
	ExtractOptions,
	ExtractSettings,
} from "./types";
import { layOut, makeWindow, type Window } from "./window";

/** Contexts made between two looks at the event loop. */
const AT_ONCE = 256;
/** A shard has at most about so many tokens and bytes. */
const SHARD = { tokens: 8192, bytes: 2 ** 26 };

/**
 * The values at one hook, or at several from one pass, for every token of the sentences (or of plain texts, or of lists
 * of token ids, for a model without a tokenizer: a list that begins with BOS gets no second one). The model runs no further than the last hook; padding and special tokens have no rows. Texts of any length are read to their
 * end. In memory, or with `to` in a folder of any size: see `ExtractSettings`.
 *
 * Throws on an unknown hook or one without one vector a token, an option out of range, an empty data set, a character
 * that the tokenizer has no token for (unless `skip_untokenizable`), an id that the model does not have, NaN or infinite activations, and values that memory has no room for; with `to`, on a folder that holds something else or a
 * store that was made otherwise, that another process is writing to, or that cannot be written. What is in a store by
 * then stays, and the next call goes on from there. On `signal` it throws the signal's reason: part of the rows would be
 * those of the longest texts, which run first.
 */
export async function extract(
	model: Decoder,
	sentences: Sentences | string[] | readonly TokenIds[],
	options: ExtractOptions,
): Promise<Activations>;
export async function extract(
	model: Decoder,
	sentences: Sentences | string[] | readonly TokenIds[],
	options: ExtractManyOptions,
): Promise<Activations[]>;
export async function extract(
	model: Decoder,
	sentences: Sentences | string[] | readonly TokenIds[],
	options: ExtractOptions | ExtractManyOptions,
): Promise<Activations | Activations[]> {
	const given = givenTexts(model, sentences);
	const asked =
		"hook_names" in options ? options.hook_names : [options.hook_name];
	const hooks = checkHooks(model, asked);
	const names = asked.map((name) => parseHook(model, name));
	checkSettings(model, options);
	if (given.text.length === 0)
		throw new Error(
			`The data set "${given.name}" is empty: there is nothing to extract.`,
		);
	const settings = { ...options, signal: listenTo(options.signal) };
	const from = options.skip_untokenizable
		? await tokenizable(model, given, settings.signal)
		: given;
	const skipped = given.text.length - from.text.length;
	const found = await (options.to === undefined
		? toMemory(model, from, hooks, settings, skipped)
		: toFolder(model, from, hooks, settings, options.to, skipped));
	const wanted = names.map((name) => found.get(name) as Activations);
	return "hook_names" in options ? wanted : wanted[0];
}

/** Each hook once, in the model's order. */
export function checkHooks(
	model: Decoder,
	names: readonly AnyHookName[],
): Hook[] {
	if (names.length === 0)
		throw new Error(
			'hook_names is empty: name at least one hook, such as "blocks.0.hook_resid_post".',
		);
	const wanted = new Set(names.map((name) => parseHook(model, name)));
	return model.hook_names
		.filter((name) => wanted.has(name))
		.map((hook_name) => ({
			hook_name,
			d_in: hookWidth(model.info, hook_name),
		}));
}

function checkSettings(model: Decoder, options: ExtractSettings): void {
	contextSize(model, options);
	const { batch_tokens = 1, shard_tokens = 1, dtype = "float32" } = options;
	whole({ batch_tokens });
	whole({ shard_tokens });
	if (dtype !== "float32" && dtype !== "float16")
		throw new Error(
			`dtype is "${dtype}", where "float32" or "float16" was expected.`,
		);
}

async function toMemory(
	model: Decoder,
	sentences: Sentences,
	hooks: Hook[],
	settings: ExtractSettings,
	skipped: number,
): Promise<Map<HookName, Activations>> {
	const window = await gather(model, sentences, hooks, settings);
	const { rows, firstRow } = layOut(window);
	const n_tokens = rows.sentence.length;
	if (n_tokens === 0)
		throw new Error(
			`The data set "${sentences.name}" has no token besides special ones.`,
		);
	const targets = hooks.map((hook) => ({
		...hook,
		into: allocate(n_tokens * hook.d_in),
	}));
	const label = progressLabel(hooks);
	let done = 0;
	const puts = targets.map((target) => intoArray(target, target.into));
	await runContexts(model, window, firstRow, puts, {
		texts: sentences.text,
		settings,
		told: (more) => {
			done += more;
			reportProgress({ label, done, total: n_tokens, unit: "tokens" });
		},
	});
	const { context_size, center_writing_weights = false } = settings;
	const known = {
		rows,
		sentences,
		model: model.info,
		prepend_bos: beginsWithBos(model, settings.prepend_bos),
		...(context_size !== undefined && { context_size }),
		center_writing_weights,
		...(skipped > 0 && { skipped }),
	};
	return new Map(
		targets.map(({ hook_name, d_in, into }) => [
			hook_name,
			inMemory(into, { hook_name, d_in, ...known }),
		]),
	);
}

/** All contexts of the sentences. Throws as soon as it is clear that memory has no room for their activations. */
export async function gather(
	model: Decoder,
	texts: Sentences,
	hooks: Hook[],
	settings: ExtractSettings,
): Promise<Window> {
	const perToken = 4 * hooks.reduce((n, { d_in }) => n + d_in, 0);
	const room = memoryForActivations();
	const window = makeWindow(4096);
	for (const context of contextsOf(model, texts, settings)) {
		if (window.count() % AT_ONCE === 0) {
			await new Promise(setImmediate);
			settings.signal?.throwIfAborted();
		}
		window.add(context);
		const needed = window.first[window.count()] * perToken;
		if (needed > room) throw noRoom(needed, room, share(texts.text, context));
	}
	return window;
}

export function gigabytes(bytes: number): string {
	return `${(bytes / 1e9).toPrecision(2)} GB`;
}

function allocate(length: number): Float32Array {
	try {
		return new Float32Array(length);
	} catch {
		throw noRoom(4 * length, memoryForActivations(), 1); // more than one array can hold
	}
}

/** How much of the text is done after a context, by characters. */
function share(text: string[], { next, end }: Context): number {
	const count = (to: number) => {
		let characters = 0;
		for (let i = 0; i < to; i++) characters += text[i].length;
		return characters;
	};
	const within = next.token > 0 ? end[end.length - 1] : 0;
	return (count(next.sentence) + within) / count(text.length);
}

function noRoom(bytes: number, room: number, share: number): Error {
	return new Error(
		`The activations need about ${gigabytes(bytes / share)} of memory, and ${gigabytes(room)}, half of what is free, may be used: give a folder to keep them in, such as to: "activations".`,
	);
}

async function toFolder(
	model: Decoder,
	sentences: Sentences,
	hooks: Hook[],
	settings: ExtractSettings,
	folder: string,
	skipped: number,
): Promise<Map<HookName, Activations>> {
	const { dtype = "float32", batch_tokens = 2048 } = settings;
	const width = hooks.reduce((n, { d_in }) => n + d_in, 0);
	const fitting = SHARD.bytes / (width * (dtype === "float16" ? 2 : 4) + 18);
	const usual = Math.max(1, Math.min(SHARD.tokens, Math.floor(fitting)));
	const { shard_tokens = usual } = settings;
	const room = memoryForActivations();
	if (4 * width * shard_tokens > room)
		throw new Error(
			`shard_tokens is ${shard_tokens}, and a shard of so many tokens needs more memory than the ${gigabytes(room)} that may be used: leave it out for ${usual}.`,
		);
	const { folder: _, ...info } = model.info;
	const index = newIndex({
		fingerprint: fingerprint(model.info),
		model: info,
		hooks,
		dtype,
		options: {
			prepend_bos: beginsWithBos(model, settings.prepend_bos),
			include_bos: settings.include_bos ?? false,
			context_size: settings.context_size ?? null,
			center_writing_weights: settings.center_writing_weights ?? false,
			batch_tokens,
			shard_tokens,
		},
		sentences: {
			name: withoutPaths(sentences.name),
			count: sentences.text.length,
			sha256: sentencesHash(sentences),
			...(skipped > 0 && { skipped }),
			...(sentences.notes && { notes: sentences.notes }),
		},
	});
	await writeStore({ folder, model, sentences, settings, index });
	const opened = await Promise.all(
		hooks.map(({ hook_name }) => openActivations(folder, { hook_name })),
	);
	return new Map(opened.map((acts) => [acts.hook_name, acts]));
}
