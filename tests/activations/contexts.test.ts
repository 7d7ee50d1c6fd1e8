import assert from "node:assert/strict";
import test from "node:test";
import {
	type Context,
	type ContextOptions,
	contextSize,
	contextsOf,
	type Place,
} from "../../src/activations/contexts";
import { layOut, makeWindow } from "../../src/activations/window";
import type { Decoder } from "../../src/model";
import { random } from "../../src/random";
import { info } from "../sae/fakes";

const BOS = 0;

/** A model whose tokens are pairs of characters ("x" alone at the end), and "#" a special one; ids are from 1 on. */
function pairs(
	n_ctx: number,
	bos_token_id: number | null = BOS,
): Pick<Decoder, "info" | "toTokens"> {
	return {
		info: { ...info, n_ctx, bos_token_id },
		toTokens(text, options = {}) {
			assert.equal(options.prepend_bos, false);
			assert.equal(options.truncate, false);
			const found = [...text.matchAll(/#|[^#]{1,2}/g)];
			return {
				ids: Int32Array.from(found, ([token]) =>
					token === "#" ? BOS : token.charCodeAt(0),
				),
				start: Uint32Array.from(found, ({ index }) => index),
				end: Uint32Array.from(found, ({ 0: t, index }) => index + t.length),
				special: Uint8Array.from(found, ([token]) => Number(token === "#")),
				cut: 0,
			};
		},
	};
}

const letters = "abcdefghijklmnopqrstuvwxyz";
const ids = (contexts: Iterable<Context>) =>
	Array.from(contexts, (context) => [...context.ids]);
/** The rows of contexts, by way of a window that has to grow. */
function rowsOf(contexts: Iterable<Context>) {
	const window = makeWindow(1);
	window.add([...contextsOf(pairs(4), ["of the window before"], {})][0]);
	window.clear();
	for (const context of contexts) window.add(context);
	return layOut(window).rows;
}
const code = (text: string) => [...text].map((c) => c.charCodeAt(0));

test("each text is a context; one that is too long goes on in further ones, each with BOS in front", () => {
	const texts = ["abcd", "", letters.slice(0, 13)];
	const contexts = [...contextsOf(pairs(4), texts, {})];
	assert.deepEqual(ids(contexts), [
		[BOS, ...code("ac")],
		[BOS],
		[BOS, ...code("ace")],
		[BOS, ...code("gik")],
		[BOS, ...code("m")],
	]);
	const rows = rowsOf(contexts);
	assert.deepEqual([...rows.sentence], [0, 0, 2, 2, 2, 2, 2, 2, 2]);
	assert.deepEqual([...rows.position], [1, 2, 1, 2, 3, 1, 2, 3, 1]);
	assert.deepEqual([...rows.start], [0, 2, 0, 2, 4, 6, 8, 10, 12]);
	assert.deepEqual([...rows.end], [2, 4, 2, 4, 6, 8, 10, 12, 13]);
	assert.deepEqual(
		contexts.map(({ next }) => [next.sentence, next.token]),
		[
			[1, 0],
			[2, 0],
			[2, 3],
			[2, 6],
			[3, 0],
		],
	);
});

test("without BOS a context is all text, and a text without tokens has none", () => {
	const texts = ["abcdefghi", "", "j"];
	const bare = { prepend_bos: false };
	assert.deepEqual(ids(contextsOf(pairs(4), texts, bare)), [
		code("aceg"),
		code("i"),
		code("j"),
	]);
	assert.deepEqual(
		ids(contextsOf(pairs(4, null), texts, {})),
		ids(contextsOf(pairs(4), texts, bare)),
	);
});

test("packed texts follow one another with BOS between, in contexts of one size that begin with BOS", () => {
	const texts = ["abcd", "efghijk", "", "l", "mn"];
	assert.deepEqual(ids(contextsOf(pairs(9), texts, { context_size: 5 })), [
		[BOS, ...code("ac"), BOS, ...code("e")],
		[BOS, ...code("gik"), BOS],
		[BOS, ...code("l"), BOS, ...code("m")],
	]);
	// Without BOS in front it still stands between the texts.
	assert.deepEqual(
		ids(contextsOf(pairs(9), texts, { context_size: 5, prepend_bos: false })),
		[
			[...code("ac"), BOS, ...code("eg")],
			[...code("ik"), BOS, ...code("l"), BOS],
			[...code("m")],
		],
	);
});

test("a packed text that begins with BOS gets no second one", () => {
	const packed = contextsOf(pairs(9), ["#ab", "#cd"], { context_size: 5 });
	assert.deepEqual(ids(packed), [[BOS, ...code("a"), BOS, ...code("c")]]);
});

test("BOS has a row where it is asked for, at the token that it stands before", () => {
	const options = { include_bos: true, context_size: 3 };
	const contexts = [...contextsOf(pairs(9), ["abcdef", "gh"], options)];
	assert.deepEqual(ids(contexts), [
		[BOS, ...code("ac")],
		[BOS, ...code("e"), BOS],
		[BOS, ...code("g")],
	]);
	const rows = rowsOf(contexts);
	assert.deepEqual([...rows.sentence], [0, 0, 0, 0, 0, 1, 1, 1]);
	assert.deepEqual([...rows.start], [0, 0, 2, 4, 4, 0, 0, 0]);
	assert.deepEqual([...rows.end], [0, 2, 4, 4, 6, 0, 0, 2]);
	assert.deepEqual([...rows.position], [0, 1, 2, 0, 1, 2, 0, 1]);
});

/** Texts of any length, empty ones and special tokens among them. */
function madeTexts(seed: number): string[] {
	const draw = random(seed);
	return Array.from({ length: 1 + draw.int(12) }, () =>
		Array.from({ length: draw.int(4) === 0 ? 0 : draw.int(40) }, () =>
			draw.int(9) === 0 ? "#" : letters[draw.int(26)],
		).join(""),
	);
}

function madeOptions(seed: number): ContextOptions {
	const draw = random(1000 + seed);
	return {
		prepend_bos: draw.int(3) > 0,
		include_bos: false,
		...(draw.int(2) > 0 && { context_size: 2 + draw.int(7) }),
	};
}

test("every token of every text has exactly one row, in order, and the spans cover the text", () => {
	for (let seed = 0; seed < 300; seed++) {
		const [texts, options] = [madeTexts(seed), madeOptions(seed)];
		const rows = rowsOf(contextsOf(pairs(9), texts, options));
		let row = 0;
		for (const [i, text] of texts.entries()) {
			const tokens = [...text.matchAll(/[^#]{1,2}/g)];
			let covered = "";
			for (const { 0: token, index } of tokens) {
				assert.equal(rows.sentence[row], i);
				assert.equal(rows.token[row], token.charCodeAt(0));
				assert.equal(rows.start[row], index);
				covered += text.slice(rows.start[row], rows.end[row]);
				row++;
			}
			assert.equal(covered, text.replaceAll("#", ""));
		}
		assert.equal(rows.sentence.length, row);
	}
});

test("contexts are never longer than the model's, packed ones have exactly n tokens but the last", () => {
	for (let seed = 0; seed < 300; seed++) {
		const [texts, options] = [madeTexts(seed), madeOptions(seed)];
		const contexts = ids(contextsOf(pairs(9), texts, options));
		const size = options.context_size ?? 9;
		for (const [i, context] of contexts.entries()) {
			assert.ok(context.length > 0 && context.length <= size);
			if (options.prepend_bos) assert.equal(context[0], BOS);
			if (options.context_size && i < contexts.length - 1)
				assert.equal(context.length, size);
		}
	}
});

test("from any context's end the rest is the same as if there had been no break", () => {
	for (let seed = 0; seed < 100; seed++) {
		const [texts, options] = [madeTexts(seed), madeOptions(seed)];
		const whole = [...contextsOf(pairs(9), texts, options)];
		let from: Place = { sentence: 0, token: 0 };
		for (const [i, context] of whole.entries()) {
			const rest = [...contextsOf(pairs(9), texts, options, from)];
			assert.deepEqual(rest, whole.slice(i));
			from = context.next;
		}
		assert.deepEqual([...contextsOf(pairs(9), texts, options, from)], []);
	}
});

test("a context of a size that cannot be is refused", () => {
	assert.equal(contextSize(pairs(9), {}), 9);
	assert.equal(contextSize(pairs(1_000_000), {}), 65536);
	for (const context_size of [0, 1, 2.5, 10, Number.NaN])
		assert.throws(
			() => contextSize(pairs(9), { context_size }),
			/^Error: context_size is \S+, where a whole number from 2 to 9, the context of "fake", was expected\.$/,
		);
	assert.equal(
		contextSize(pairs(9), { context_size: 1, prepend_bos: false }),
		1,
	);
	assert.throws(
		() => contextSize(pairs(9, null), { prepend_bos: true }),
		/has no BOS token to put in front/,
	);
});
