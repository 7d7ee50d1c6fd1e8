import assert from "node:assert/strict";
import { test } from "node:test";
import {
	atL0,
	compareAt,
	equalTable,
	interval,
	type ParetoRun,
	runsTable,
	verdict,
} from "../../bench/pareto-table";

/** A run that keeps all but c / L0 of what there is. */
function run(
	architecture: ParetoRun["architecture"],
	l0: number,
	seed = 0,
	c = 0.4,
): ParetoRun {
	const kept = 1 - c / l0;
	return {
		architecture,
		sparsity: Math.round(l0),
		seed,
		l0,
		explained_variance: kept,
		ce_loss_score: kept,
		dead: 0.25,
	};
}

function close(actual: number | undefined, expected: number): void {
	assert.ok(
		actual !== undefined && Math.abs(actual - expected) < 1e-9,
		`${actual} is not ${expected}`,
	);
}

test("what falls as a power of L0 is interpolated exactly, in whatever order the runs come", () => {
	const runs = [20, 3, 7].map((l0) => run("gated", l0));
	close(atL0(runs, 8, "explained_variance"), 1 - 0.4 / 8);
	close(atL0(runs, 5, "ce_loss_score"), 1 - 0.4 / 5);
});

test("a run within a hundredth of the L0 is that L0's, and nothing is extrapolated", () => {
	const runs = [7.97, 30].map((l0) => run("topk", l0));
	close(atL0(runs, 8, "explained_variance"), 1 - 0.4 / 7.97);
	assert.equal(atL0(runs, 7, "explained_variance"), undefined);
	assert.equal(atL0(runs, 31, "explained_variance"), undefined);
	assert.equal(atL0([], 8, "explained_variance"), undefined);
});

test("a score above 1 is interpolated as it is", () => {
	const runs = [
		{ ...run("topk", 4), ce_loss_score: 0.98 },
		{ ...run("topk", 16), ce_loss_score: 1.02 },
	];
	close(atL0(runs, 8, "ce_loss_score"), 1);
});

test("the interval of three values is 4.303 standard errors, that of one is none", () => {
	const { mean, margin } = interval([1, 2, 3]);
	assert.equal(mean, 2);
	close(margin, 4.303 / Math.sqrt(3));
	assert.deepEqual(interval([5]), { mean: 5 });
});

test("differences from topk are taken seed by seed, so what seeds share does not blur them", () => {
	const runs = [0, 1, 2].flatMap((seed) =>
		[4, 16].flatMap((l0) => [
			run("topk", l0, seed, 0.2 + seed / 10),
			run("jumprelu", l0, seed, 0.25 + seed / 10),
		]),
	);
	const at = (name: string) => compareAt(runs, name, 8, "explained_variance");
	const { difference } = at("jumprelu");
	close(difference?.mean, -0.05 / 8);
	close(difference?.margin, 0);
	assert.equal(difference && verdict(difference), "**below topk**");
	assert.equal(at("topk").difference, undefined);
});

test("the verdict is above or below only where the interval leaves zero out", () => {
	assert.equal(verdict({ mean: 0.01, margin: 0.02 }), "no difference seen");
	assert.equal(verdict({ mean: 0.03, margin: 0.02 }), "above topk");
	assert.equal(verdict({ mean: -0.03, margin: 0.02 }), "**below topk**");
	assert.equal(verdict({ mean: -0.03 }), "one seed");
});

test("the tables say what is below topk, what was not reached, and everything that was trained", () => {
	const runs = [0, 1].flatMap((seed) => [
		...[4, 8, 16, 32].map((l0) => run("topk", l0, seed)),
		...[4, 8, 16, 32].map((l0) => run("batchtopk", l0, seed, 0.5)),
		...[14, 40].map((l0) => run("standard", l0, seed, 0.6)),
	]);
	const [variance] = equalTable(runs).split("\n\n");
	const line = (name: string) =>
		variance.split("\n").find((row) => row.startsWith(`| ${name} `)) ?? "";
	assert.match(line("batchtopk"), /-0\.01250 ± 0\.00000, \*\*below topk\*\*/);
	assert.match(line("standard"), /^\| standard \| not reached \| {2}\|/);
	assert.match(line("topk"), /0\.95000 ± 0\.00000 \| {2}\|/);
	const all = runsTable(runs, { topk: "k", batchtopk: "k", standard: "λ" });
	assert.equal(all.split("\n").length, 2 + 4 + 4 + 2);
	assert.match(all, /\| standard \| λ 14 \| 14\.00 \| .* \| 25 % \|/);
});
