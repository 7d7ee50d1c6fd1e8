import { random } from "../random";
import { textsOf } from "./batch";
import type { PartPlace } from "./parts";
import type { Decoder, HookName, RunResult, TokenBatch } from "./types";

/** Values for parts of a model, and where they are from. */
export interface StandIns {
	/** What was read: texts, and for means their tokens that are none of padding, BOS and EOS. */
	over: { texts: number; tokens: number };
	seed?: number;
	/** For each text that is changed, the number of the one that stands in for it. */
	source?: Int32Array;
	/** For each place: [units], or [batch, seq, units] of the texts that are changed. */
	values: Float32Array[];
}

/** The means of places over the tokens of texts. */

export async function means(
	model: Decoder,
	places: readonly PartPlace[],
	over: TokenBatch,
	signal?: AbortSignal,
): Promise<StandIns> {
	const sums = places.map(({ units }) =>
		units ? new Float64Array(units.length) : undefined,
	);
	let tokens = 0;
	for await (const { cache, texts } of runs(model, places, over, signal))
		for (const row of rowsOfText(model, texts)) {
			tokens++;
			for (const [i, { hook_name, units }] of places.entries()) {
				const { at, width } = rowAt(cache, hook_name, texts, row);
				sums[i] ??= new Float64Array(width);
				const sum = sums[i];
				for (let j = 0; j < sum.length; j++)
					sum[j] += cache[hook_name].data[at + (units?.[j] ?? j)];
			}
		}
	if (tokens === 0)
		throw new Error(
			"The texts that means are taken over have no token besides BOS and EOS: give texts with words.",
		);
	const values = sums.map((sum) =>
		Float32Array.from(sum ?? [], (total) => total / tokens),
	);
	return { over: { texts: over.batch, tokens }, values };
}

/** What places are in other texts, each drawn for one that is changed. */
export async function drawn(
	model: Decoder,
	places: readonly PartPlace[],
	over: TokenBatch,
	input: TokenBatch,
	{ seed, signal }: { seed: number; signal?: AbortSignal },
): Promise<StandIns> {
	const source = drawSources(over, input, seed);
	const values: (Float32Array | undefined)[] = places.map(() => undefined);
	let first = 0;
	for await (const { cache, texts } of runs(model, places, over, signal)) {
		for (const [text, from] of source.entries()) {
			if (from < first || from >= first + texts.batch) continue;
			for (const [i, { hook_name, units }] of places.entries())
				for (let position = 0; position < input.lengths[text]; position++) {
					const row = (from - first) * texts.seq + position;
					const { at, width } = rowAt(cache, hook_name, texts, row);
					const d = units?.length ?? width;
					values[i] ??= new Float32Array(input.batch * input.seq * d);
					const to = (text * input.seq + position) * d;
					for (let j = 0; j < d; j++)
						values[i][to + j] = cache[hook_name].data[at + (units?.[j] ?? j)];
				}
		}
		first += texts.batch;
	}
	const tokens = over.lengths.reduce((sum, n) => sum + n, 0);
	return {
		over: { texts: over.batch, tokens },
		seed,
		source,
		values: values.map((found) => found ?? new Float32Array(0)),
	};
}

/** For each text of the input one of the others that is at least as long, and not the same. */
function drawSources(over: TokenBatch, input: TokenBatch, seed: number) {
	const draw = random(seed);
	return Int32Array.from({ length: input.batch }, (_, text) => {
		const length = input.lengths[text];
		const own = idsOf(input, text, length);
		const others = Array.from(over.lengths.keys()).filter(
			(other) =>
				over.lengths[other] >= length &&
				idsOf(over, other, length).some((id, i) => id !== own[i]),
		);
		if (others.length === 0)
			throw new Error(
				`Text ${text} of the input has ${length} tokens, and no other text of the ${over.batch} to draw from has as many: give longer ones in over.`,
			);
		return others[draw.int(others.length)];
	});
}

function idsOf({ ids, seq }: TokenBatch, text: number, length: number) {
	return ids.subarray(text * seq, text * seq + length);
}

/** Tokens that go through the model at once. */
const AT_ONCE = 2048;

async function* runs(
	model: Decoder,
	places: readonly PartPlace[],
	over: TokenBatch,
	signal: AbortSignal | undefined,
): AsyncGenerator<{ cache: RunResult["cache"]; texts: TokenBatch }> {
	const hooks = [...new Set(places.map(({ hook_name }) => hook_name))];
	const size = Math.max(1, Math.floor(AT_ONCE / over.seq));
	for (let from = 0; from < over.batch; from += size) {
		const texts = textsOf(over, from, Math.min(over.batch, from + size));
		const { cache } = await model.run(texts, { hooks, signal });
		yield { cache, texts };
	}
}

/** The rows of a batch's tokens that are none of padding, BOS and EOS. */
function* rowsOfText(
	{ info }: Pick<Decoder, "info">,
	{ ids, lengths, seq }: TokenBatch,
): Generator<number> {
	for (const [text, length] of lengths.entries())
		for (let row = text * seq; row < text * seq + length; row++)
			if (ids[row] !== info.bos_token_id && ids[row] !== info.eos_token_id)
				yield row;
}

/** Where a row's values begin, and how many they are. */
function rowAt(
	cache: RunResult["cache"],
	hook_name: HookName,
	{ batch, seq }: TokenBatch,
	row: number,
): { at: number; width: number } {
	const width = cache[hook_name].data.length / (batch * seq);
	return { at: row * width, width };
}
