import assert from "node:assert/strict";
import { test } from "node:test";
import { beginInterruptible, endInterruptible } from "../../src/interrupt";
import { type Drawing, progressLines } from "../../src/notebook/lines";

const pace = { after: 1000, running: 100, finished: 100 };

/** Lines under a clock that is set by hand, with what they drew. */
function lines() {
	const drawn: Drawing[] = [];
	let time = 0;
	const made = progressLines(
		(one) => drawn.push(one),
		pace,
		() => time,
	);
	return {
		...made,
		drawn,
		texts: () => drawn.map(({ text }) => text),
		/** Reports at some millisecond. */
		at(ms: number, done: number, total = 10, label = "work", unit = "steps") {
			time = ms;
			made.report({ label, done, total, unit });
		},
		lookAt(ms: number) {
			time = ms;
			return made.look();
		},
	};
}

test("what is over within a second is not drawn, however often it reports", () => {
	const p = lines();
	for (let i = 0; i <= 10; i++) p.at(i * 90, i);
	p.lookAt(5000);
	assert.deepEqual(p.drawn, []);
});

test("after a second a line appears, with rate and time left; its end says what it took", () => {
	const p = lines();
	p.at(0, 0, 40_000, "extract", "tokens");
	p.at(900, 9_000, 40_000, "extract", "tokens");
	p.at(2000, 20_000, 40_000, "extract", "tokens");
	p.at(4000, 40_000, 40_000, "extract", "tokens");
	assert.deepEqual(p.texts(), [
		"extract: 20,000 of 40,000 tokens, 10,000 tokens/s, 2 s left",
		"extract: 40,000 tokens, 4.0 s, 10,000 tokens/s",
	]);
	assert.deepEqual(
		p.drawn.map(({ state, again }) => [state, again]),
		[
			["running", false],
			["finished", true],
		],
	);
	assert.equal(p.drawn[0].id, p.drawn[1].id);
});

test("rate and time left count from where the run was first heard of, as when a download goes on", () => {
	const p = lines();
	p.at(0, 400e6, 500e6, "download", "bytes");
	p.at(5000, 450e6, 500e6, "download", "bytes");
	assert.deepEqual(p.texts(), [
		"download: 450.0 of 500.0 MB, 10 MB/s, 5 s left",
	]);
});

test("a line that runs is redrawn at most ten times a second", () => {
	const p = lines();
	for (let ms = 0; ms < 3000; ms++) p.at(ms, ms, 1e6);
	assert.equal(p.drawn.length, 20);
});

test("something silent appears when it is looked after", () => {
	const p = lines();
	p.at(0, 1);
	assert.equal(p.lookAt(500), true);
	assert.equal(p.drawn.length, 0);
	p.lookAt(1250);
	assert.match(p.texts()[0], /^work: 1 of 10 steps/);
});

test("a label that comes again in a cell counts up its line, also where each run is short", () => {
	const p = lines();
	for (let run = 0; run < 4; run++) {
		p.at(run * 500, 0);
		p.at(run * 500 + 400, 10);
	}
	assert.deepEqual(p.texts(), [
		"work (×3): 30 steps, 1.2 s, 25 steps/s",
		"work (×4): 0 of 10 steps, 25 steps/s, 1 s left",
		"work (×4): 40 steps, 1.6 s, 25 steps/s",
	]);
	assert.equal(new Set(p.drawn.map(({ id }) => id)).size, 1);
});

test("ends in quick succession are held back, and the last is drawn in the end", () => {
	const p = lines();
	p.at(0, 0);
	p.at(1200, 10);
	for (let i = 1; i <= 5; i++) p.at(1200 + 60 * i, 10 + i, 10 + i);
	assert.equal(p.holds(), true);
	const before = p.drawn.length;
	assert.ok(before < 6);
	p.flush();
	assert.equal(p.drawn.length, before + 1);
	assert.match(p.texts().at(-1) as string, /^work \(×6\): 75 steps/);
	assert.equal(p.holds(), false);
});

test("an end that is reported twice is one end", () => {
	const p = lines();
	p.at(0, 0);
	p.at(2000, 10);
	p.at(2001, 10);
	assert.deepEqual(p.texts(), ["work: 10 steps, 2.0 s, 5 steps/s"]);
});

test("a run that was left before its end is marked as stopped when the next one begins", () => {
	const p = lines();
	p.at(0, 0);
	p.at(2000, 4);
	p.at(9000, 1);
	p.at(9000, 10);
	assert.deepEqual(p.texts(), [
		"work: 4 of 10 steps, 2 steps/s, 3 s left",
		"work: stopped at 4 of 10 steps, 2.0 s",
	]);
	assert.equal(p.drawn[1].state, "stopped");
});

test("an interrupt marks what runs as stopped; what goes on all the same runs again", () => {
	const interrupt = beginInterruptible();
	try {
		const p = lines();
		p.at(0, 0, 1000);
		p.at(2000, 412, 1000);
		interrupt();
		p.lookAt(2100);
		assert.match(p.texts()[1], /^work: stopped at 412 of 1,000 steps, 2\.0 s$/);
		p.at(3000, 500, 1000);
		assert.deepEqual(
			p.drawn.map(({ state }) => state),
			["running", "stopped", "running"],
		);
		p.lookAt(3100);
		p.at(3100, 0, 10, "next in the cell");
		p.at(5000, 5, 10, "next in the cell");
		p.lookAt(5100);
		assert.equal(p.drawn.at(-1)?.state, "running");
		assert.equal(new Set(p.drawn.map(({ id }) => id)).size, 2);
	} finally {
		endInterruptible();
	}
});

test("when its cell has ended, as by an error, a silent line is marked as stopped; one that goes on is not", () => {
	const p = lines();
	beginInterruptible();
	p.at(0, 0, 10, "left");
	p.at(2000, 4, 10, "left");
	p.at(2000, 0, 10, "goes on");
	endInterruptible();
	p.at(2900, 4, 10, "goes on");
	p.lookAt(3100);
	p.at(3500, 6, 10, "goes on");
	assert.deepEqual(
		p.drawn.map(({ text, state }) => [text.slice(0, 7), state]),
		[
			["left: 4", "running"],
			["left: s", "stopped"],
			["goes on", "running"],
			["goes on", "running"],
		],
	);
});

test("in another cell the same label has a line of its own", () => {
	const p = lines();
	for (const start of [0, 10_000]) {
		beginInterruptible();
		p.at(start, 0);
		p.at(start + 2000, 10);
		endInterruptible();
	}
	assert.deepEqual(p.texts(), [
		"work: 10 steps, 2.0 s, 5 steps/s",
		"work: 10 steps, 2.0 s, 5 steps/s",
	]);
	assert.equal(new Set(p.drawn.map(({ id }) => id)).size, 2);
});

test("shares have no rate, and numbers that are none are not shown", () => {
	const p = lines();
	p.at(0, 0, 100, "probe", "%");
	p.at(2000, 50, 100, "probe", "%");
	p.at(0, 0, Number.NaN, "odd");
	p.at(2000, Number.NaN, Number.NaN, "odd");
	assert.deepEqual(p.texts(), [
		"probe: 50 of 100 %, 2 s left",
		"odd: 0 of 0 steps",
	]);
});
