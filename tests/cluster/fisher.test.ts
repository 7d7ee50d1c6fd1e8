import assert from "node:assert/strict";
import { test } from "node:test";
import { benjaminiHochberg, fisherTest } from "../../src/cluster/fisher";
import { correctedTests } from "../../src/cluster/marks";

const near = (a: number, b: number, by = 1e-12) =>
	assert.ok(Math.abs(a - b) <= by * Math.max(1, Math.abs(b)), `${a}, not ${b}`);

test("the lady tasting tea: all four cups right is 1 in 70, three or more 17 in 70", () => {
	const p = fisherTest(8);
	near(p(4, 4, 4), 1 / 70);
	near(p(3, 4, 4), 17 / 70);
	assert.equal(p(0, 4, 4), 1);
	assert.equal(p(5, 4, 4), 0);
});

test("it is the sum of the probabilities from the hits on, for every table of 12 things", () => {
	const choose = (n: number, k: number): number =>
		k < 0 || k > n ? 0 : k === 0 ? 1 : (choose(n - 1, k - 1) * n) / k;
	const p = fisherTest(12);
	for (let drawn = 0; drawn <= 12; drawn++)
		for (let marked = 0; marked <= 12; marked++)
			for (let hits = 0; hits <= Math.min(drawn, marked); hits++) {
				let sum = 0;
				for (let x = hits; x <= Math.min(drawn, marked); x++)
					sum += choose(marked, x) * choose(12 - marked, drawn - x);
				near(p(hits, drawn, marked), sum / choose(12, drawn));
			}
});

test("a tail far from the mode keeps its digits", () => {
	// C(1000, 200) / C(5000, 200), by the product of (1000 − i) / (5000 − i)
	let log = 0;
	for (let i = 0; i < 200; i++) log += Math.log((1000 - i) / (5000 - i));
	const p = fisherTest(5000)(200, 200, 1000);
	near(Math.log(p), log, 1e-11);
});

test("Benjamini and Hochberg's correction of four p-values, by hand", () => {
	// p · 4 / rank: 0.04, 0.04, 0.053…, 0.2; none above that of a larger p.
	const corrected = benjaminiHochberg(Float64Array.of(0.04, 0.01, 0.2, 0.02));
	[0.16 / 3, 0.04, 0.2, 0.04].forEach((value, i) => {
		near(corrected[i], value);
	});
});

test("things that no sentence has are not tested, and do not weigh on the others", () => {
	// Two clusters of 4; the first thing stands in all of the first cluster, the second nowhere.
	const p = correctedTests({
		inside: Float64Array.of(4, 0, 0, 0),
		total: Float64Array.of(4, 0),
		sizes: Float64Array.of(4, 4),
		n: 8,
	});
	near(p[0], 2 / 70);
	near(p[2], 1);
	assert.deepEqual([p[1], p[3]], [1, 1]);
});
