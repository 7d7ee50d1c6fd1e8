import assert from "node:assert/strict";
import { test } from "node:test";
import {
	type Sentences,
	type Split,
	splitNotes,
	splitSentences,
	splitWords,
} from "../../src/dataset";
import { random } from "../../src/random";

const PARTS = ["train", "validation", "test"] as const;

function sentences(
	text: string[],
	labels: Record<string, string[]> = {},
	more: Partial<Sentences> = {},
): Sentences {
	return {
		kind: "sentences",
		name: "by hand",
		text,
		labels,
		offsets: {},
		...more,
	};
}

const texts = (n: number) => Array.from({ length: n }, (_, i) => `text ${i}`);

/** How many units of each part have a value. */
function spread(given: Sentences, label: string, value: string, seed: number) {
	const { parts, units } = splitSentences(given, { seed });
	return PARTS.map((part) => {
		const rows = [...parts.keys()].filter(
			(i) => parts[i] === part && given.labels[label][i] === value,
		);
		return new Set(rows.map((i) => units[i])).size;
	});
}

/** Sentences of random classes, with copies and a group or two. */
function anything(seed: number): Sentences {
	const draw = random(seed);
	const n = 10 + draw.int(200);
	const k = 1 + draw.int(8);
	const skew = 1 + draw.int(4);
	const text: string[] = [];
	const label: string[] = [];
	for (let i = 0; i < n; i++) {
		const name = `c${Math.floor(k * draw.uniform() ** skew)}`;
		const copies = draw.int(4) ? 1 : 1 + draw.int(5);
		for (let c = 0; c < copies; c++) {
			text.push(c % 2 ? `Text  ${i}` : `text ${i}`);
			label.push(name);
		}
	}
	return sentences(text, { label });
}

test("parts share no unit, have 80/10/10 of the units within one, and every class that has three units", () => {
	for (let seed = 0; seed < 200; seed++) {
		const given = anything(seed);
		const { parts, units, record } = splitSentences(given, { seed });
		const of = (part: Split) =>
			new Set(
				[...parts.keys()].filter((i) => parts[i] === part).map((i) => units[i]),
			);
		const [train, validation, held] = PARTS.map(of);
		const n = new Set(units).size;
		assert.equal(train.size + validation.size + held.size, n, "disjoint");
		assert.ok(Math.abs(train.size - 0.8 * n) <= 1);
		assert.ok(Math.abs(validation.size - 0.1 * n) <= 1);
		assert.ok(Math.abs(held.size - 0.1 * n) <= 1);
		assert.equal(record.units.test, held.size);
		const classes = [...new Set(given.labels.label)];
		const sizes = classes.map(
			(name) =>
				new Set(units.filter((_, i) => given.labels.label[i] === name)).size,
		);
		const shared = sizes.filter((size) => size >= 3).length;
		if (classes.length > n / 2) continue;
		for (const [c, name] of classes.entries()) {
			const [own, , tested] = spread(given, "label", name, seed);
			const found = spread(given, "label", name, seed);
			assert.ok(own > 0 || sizes[c] === 0, `${name} is in training`);
			if (sizes[c] >= 3 && shared <= held.size)
				assert.ok(
					found.every((v) => v > 0),
					`${name}: ${found} of ${sizes[c]}`,
				);
			if (
				sizes[c] < 3 &&
				shared > 0 &&
				sizes.reduce((a, b) => a + (b >= 3 ? b : 0), 0) > n / 2
			)
				assert.equal(
					tested,
					0,
					"a class that cannot be shared out is for training",
				);
		}
	}
});

test("one column's classes have their shares to the unit", () => {
	const given = sentences(texts(200), {
		topic: texts(200).map((_, i) => (i < 120 ? "a" : i < 180 ? "b" : "c")),
	});
	for (let seed = 0; seed < 5; seed++) {
		assert.deepEqual(spread(given, "topic", "a", seed), [96, 12, 12]);
		assert.deepEqual(spread(given, "topic", "b", seed), [48, 6, 6]);
		assert.deepEqual(spread(given, "topic", "c", seed), [16, 2, 2]);
	}
});

test("several columns are stratified at once, within one of their shares", () => {
	const draw = random(1);
	const column = (k: number) => texts(600).map(() => `v${draw.int(k)}`);
	const given = sentences(texts(600), {
		a: column(2),
		b: column(5),
		c: column(3),
	});
	for (let seed = 0; seed < 5; seed++)
		for (const [label, column] of Object.entries(given.labels))
			for (const value of new Set(column)) {
				const size = column.filter((v) => v === value).length;
				const [, validation, held] = spread(given, label, value, seed);
				for (const found of [validation, held])
					assert.ok(
						Math.abs(found - size / 10) <= 1.5,
						`${label} ${value}: ${found} of ${size}`,
					);
			}
});

test("contrast pairs in turn are not parted by their places", () => {
	const given = sentences(texts(40), {
		mood: texts(40).map((_, i) => (i % 2 ? "bad" : "good")),
	});
	assert.deepEqual(spread(given, "mood", "good", 0), [16, 2, 2]);
	assert.deepEqual(spread(given, "mood", "bad", 0), [16, 2, 2]);
});

test("another seed holds out others, and other small classes", () => {
	// 30 texts of 10 classes of three: 3 classes have one in the test.
	const given = sentences(texts(30), {
		label: texts(30).map((_, i) => `c${Math.floor(i / 3)}`),
	});
	const tested = new Set<string>();
	const held = new Set<string>();
	for (let seed = 0; seed < 20; seed++) {
		const { parts } = splitSentences(given, { seed });
		const rows = [...parts.keys()].filter((i) => parts[i] === "test");
		assert.equal(rows.length, 3);
		assert.equal(new Set(rows.map((i) => given.labels.label[i])).size, 3);
		held.add(rows.join());
		for (const i of rows) tested.add(given.labels.label[i]);
	}
	assert.ok(held.size >= 19, `${held.size} of 20 seeds differ`);
	assert.equal(tested.size, 10, "every class is tested by some seed");
});

test("each unit is as likely held out as any other", () => {
	const given = sentences(texts(20), {
		label: texts(20).map((_, i) => (i < 15 ? "a" : "b")),
	});
	const times = new Uint32Array(20);
	const seeds = 400;
	for (let seed = 0; seed < seeds; seed++)
		for (const [i, part] of splitSentences(given, { seed }).parts.entries())
			if (part === "test") times[i]++;
	// Of two held out one is of each class: 1/15 and 1/5 of the seeds, ± 4 standard deviations of a binomial.
	for (const [i, found] of times.entries()) {
		const p = i < 15 ? 1 / 15 : 1 / 5;
		const deviation = Math.sqrt(seeds * p * (1 - p));
		assert.ok(Math.abs(found - seeds * p) <= 4 * deviation, `${i}: ${found}`);
	}
});

test("neither their order nor copies change which part a text is in", () => {
	for (let seed = 0; seed < 20; seed++) {
		const given = anything(seed);
		const { parts } = splitSentences(given, { seed: 3 });
		const partOf = new Map(
			given.text.map((t, i) => [
				t.toLowerCase().replace(/\s+/g, " "),
				parts[i],
			]),
		);
		const order = random(seed).shuffle(Uint32Array.from(given.text.keys()));
		const other = [...order, ...order.slice(0, 7)];
		const again = sentences(
			other.map((i) => given.text[i]),
			{ label: other.map((i) => given.labels.label[i]) },
		);
		for (const [i, part] of splitSentences(again, { seed: 3 }).parts.entries())
			assert.equal(
				part,
				partOf.get(again.text[i].toLowerCase().replace(/\s+/g, " ")),
			);
	}
});

test("a group stays together: the sentences' own, or a label column", () => {
	const author = texts(200).map((_, i) => `author ${i % 20}`);
	const own = sentences(texts(200), { author }, { group: author });
	const named = sentences(texts(200), { author });
	for (const [given, options] of [
		[own, {}],
		[named, { group: "author" }],
	] as const) {
		const { parts, record } = splitSentences(given, options);
		for (const name of author) {
			const of = parts.filter((_, i) => author[i] === name);
			assert.equal(new Set(of).size, 1);
		}
		assert.deepEqual(record.units, { train: 16, validation: 2, test: 2 });
		assert.deepEqual(record.sentences, {
			train: 160,
			validation: 20,
			test: 20,
		});
		assert.equal(record.by, "text and group");
	}
	assert.throws(
		() => splitSentences(named, { group: "auhtor" }),
		/group is "auhtor".*near it are author/,
	);
});

test("a given split is kept, and what it lacks is taken from its training sentences", () => {
	const split = texts(100).map((_, i): Split => (i < 80 ? "train" : "test"));
	const given = sentences([...texts(80), ...texts(20)], {}, { split });
	const { parts, record } = splitSentences(given);
	assert.deepEqual(parts.slice(80), split.slice(80));
	assert.deepEqual(record.sentences, { train: 72, validation: 8, test: 20 });
	assert.deepEqual([record.given, record.made, record.seed], [true, true, 0]);
	// Texts 0 to 19 are in both; those that became validation are in training no more.
	const left = parts.slice(0, 20).filter((part) => part === "train").length;
	assert.equal(record.test_in_training, left);
	assert.match(
		splitNotes(record)[0],
		new RegExp(`^${left} of 20 test sentences are also in training`),
	);

	const whole = {
		...given,
		split: split.map((s, i): Split => (i < 10 ? "validation" : s)),
	};
	assert.deepEqual(splitSentences(whole).parts, whole.split);
	assert.equal(splitSentences(whole).record.made, false);
});

test("columns of identifiers are no classes, but whether there is a value is", () => {
	const id = texts(100).map((_, i) => (i < 10 ? "" : `${i / 7}`));
	const given = sentences(texts(100), { id });
	for (let seed = 0; seed < 5; seed++)
		assert.deepEqual(spread(given, "id", "", seed), [8, 1, 1]);
});

test("fewer than ten different texts are not split", () => {
	const given = sentences(texts(30).map((_, i) => `text ${i % 9}`));
	const { parts, record } = splitSentences(given);
	assert.ok(parts.every((part) => part === "train"));
	assert.equal(record.made, false);
	assert.match(
		splitWords(record),
		/^no split: 30 sentences have too few different texts/,
	);
});

test("a split is told in words", () => {
	const { record } = splitSentences(sentences(texts(300)), { seed: 4 });
	assert.equal(
		splitWords(record),
		"test: 30 of 300 sentences, chosen by seed 4, by text",
	);
	const copies = splitSentences(sentences([...texts(300), ...texts(300)]));
	assert.equal(
		splitWords(copies.record),
		"test: 60 of 600 sentences (30 different), chosen by seed 0, by text",
	);
	assert.deepEqual(splitNotes(record), []);
	const author = texts(300).map((_, i) => `a${i % 20}`);
	const grouped = splitSentences(sentences(texts(300), { author }), {
		group: "author",
	});
	assert.match(
		splitWords(grouped.record),
		/^test: 30 of 300 sentences \(2 groups\), chosen by seed 0, by text and group$/,
	);
	const split = texts(300).map((_, i): Split => (i < 200 ? "train" : "test"));
	const lacks = splitSentences(sentences(texts(300), {}, { split }));
	assert.deepEqual(lacks.record.lacking, ["validation"]);
	assert.equal(
		splitWords(lacks.record),
		"test: 100 of 300 sentences, by the sentences' own split (validation, which it lacks: chosen by seed 0, by text)",
	);
	assert.equal(
		splitWords(lacks.record, "validation"),
		"validation: 20 of 300 sentences, which the split column lacks: chosen by seed 0, by text",
	);
	const few = splitSentences(sentences(texts(40)));
	assert.match(
		splitNotes(few.record)[0],
		/^The test has 4 different texts only/,
	);
	assert.throws(
		() => splitSentences(sentences(texts(40)), { seed: 1.5 }),
		/seed is 1.5/,
	);
});
