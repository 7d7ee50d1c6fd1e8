import assert from "node:assert/strict";
import { test } from "node:test";
import { makeHistory } from "../../src/probe/history";

const point = (x: number[], gradient: number[]) => ({
	x: Float64Array.from(x),
	gradient: Float64Array.from(gradient),
});
const origin = point([0, 0], [0, 0]);
const g = Float64Array.of(4, 6);

test("without steps the direction is down the gradient; one step scales it, by hand", () => {
	const history = makeHistory(2);
	assert.deepEqual([...history.descend(g)], [-4, -6]);
	// s = (1, 0), y = (2, 0): the curvature is 2, so half the gradient both along the step and across it.
	history.remember(origin, point([1, 0], [2, 0]));
	assert.deepEqual([...history.descend(g)], [-2, -3]);
});

test("two steps along the axes of a bowl lead to its floor", () => {
	const history = makeHistory(2);
	history.remember(origin, point([1, 0], [2, 0]));
	history.remember(origin, point([0, 1], [0, 8]));
	assert.deepEqual([...history.descend(g)], [-2, -0.75]);
});

test("a step along which the gradient did not grow is not taken up, and the ten last are kept", () => {
	const history = makeHistory(2);
	history.remember(origin, point([1, 0], [-2, 0]));
	assert.equal(history.size(), 0);
	for (let i = 0; i < 11; i++) {
		history.remember(origin, point([1, 0], [5, 0]));
		if (i === 4) history.remember(origin, point([1, 0], [-9, 0]));
	}
	assert.equal(history.size(), 10);
	assert.ok(Math.abs(history.descend(g)[0] + 4 / 5) < 1e-6);
});
