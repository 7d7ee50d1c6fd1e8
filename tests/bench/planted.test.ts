import assert from "node:assert/strict";
import test from "node:test";
import {
	missed,
	type PlantedRun,
	plans,
	plantedTable,
	spread,
} from "../../bench/planted";

const run = (recovered: number): PlantedRun => ({
	recovered,
	mean_max_cosine: 0.98,
	l0: 8,
	explained_variance: 0.9,
});

test("standard has to find 0.9 of the directions and every other architecture 0.95, from at most 4 million rows", () => {
	for (const [architecture, plan] of Object.entries(plans)) {
		assert.equal(plan.target, architecture === "standard" ? 0.9 : 0.95);
		assert.ok((plan.training_tokens ?? Infinity) <= 4_000_000);
	}
	assert.equal(Object.keys(plans).length, 6);
});

test("a target is missed where the mean over the seeds is below it, and the table says so", () => {
	const runs = [run(0.94), run(0.97)];
	assert.equal(missed("topk", runs), false);
	assert.equal(missed("topk", [...runs, run(0.9)]), true);
	const table = plantedTable(
		new Map([
			["standard", runs],
			["topk", [...runs, run(0.9)]],
		]),
	);
	const lines = table.split("\n");
	assert.equal(lines.length, 4);
	assert.match(
		lines[2],
		/^\| standard \| 0\.955 ± 0\.021 \| ≥ 0\.9 \| 0\.980 ± 0\.000 \|/,
	);
	assert.match(lines[3], /^\| topk \| .* \| ≥ 0\.95, missed \|/);
});

test("a spread is the mean and the standard deviation of n − 1", () => {
	assert.equal(spread([1, 2, 3], 2), "2.00 ± 1.00");
	assert.equal(spread([1.25], 1), "1.3");
});
