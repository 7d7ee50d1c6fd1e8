import assert from "node:assert/strict";
import { availableParallelism } from "node:os";
import { test } from "node:test";
import { startPeer } from "../../bench/peer";
import { rowReport } from "../../bench/report";
import { median, medianMs, takeTurns, timed } from "../../bench/turns";
import { given } from "./fake-suite";

const peer = "../../tests/bench/fake-peer.ts";

test("the median is the middle value, or the mean of the two in the middle", () => {
	assert.equal(median([9, 1, 5]), 5);
	assert.equal(median([4, 1, 100, 2]), 3);
	assert.equal(medianMs([{ ms: 3 }, { ms: 1 }, { ms: 2 }]), 2);
	assert.throws(() => median([]), /give at least one/);
});

test("the median leaves the order of its values alone", () => {
	const values = [3, 1, 2];
	median(values);
	assert.deepEqual(values, [3, 1, 2]);
});

for (const [warmUp, kept] of [
	[true, [2, 3]],
	[false, [1, 2]],
] as const)
	test(`contenders run in turns ${warmUp ? "after a first round that is left out" : "without a first round"}`, async () => {
		const order: string[] = [];
		const noted = (name: string) => {
			const { run } = given(1, 2, 3);
			return {
				run: () => {
					order.push(name);
					return run();
				},
			};
		};
		const runs = await takeTurns([noted("ours"), noted("peer")], 2, warmUp);
		assert.equal(
			order.join(" "),
			`${"ours peer ".repeat(warmUp ? 3 : 2)}`.trim(),
		);
		const expected = kept.map((ms) => ({ ms }));
		assert.deepEqual(runs, [expected, expected]);
	});

test("a timed run gives the value of its result", async () => {
	const { ms, value } = await timed(
		async () => [1, 2],
		(result) => result.length,
	).run();
	assert.ok(ms >= 0);
	assert.equal(value, 2);
});

test("a row has the medians, the peer's time over ours, and the time of its products at the Gemm's rate", () => {
	const runs = (...times: number[]) => times.map((ms) => ({ ms }));
	assert.deepEqual(
		rowReport(
			{ name: "work", flops: 1e9 },
			{
				ours: runs(10, 40, 20),
				peer: { name: "library", runs: runs(50, 30, 70) },
				peak_mb: 123.456789,
			},
			100,
		),
		{
			name: "work",
			ours_ms: 20,
			peer: "library",
			peer_ms: 50,
			ratio: 2.5,
			floor_ms: 10,
			floor_share: 0.5,
			peak_mb: 123.46,
		},
	);
});

test("a peer is kept alive, has as many threads as we have, and chooses its kernels itself", async () => {
	const before = process.env.OPENBLAS_CORETYPE;
	process.env.OPENBLAS_CORETYPE = "Prescott";
	try {
		const settings = {};
		const started = await startPeer({ name: "fake", script: peer, settings });
		assert.deepEqual(started?.versions, { kernels: "chosen by the library" });
		const value = availableParallelism();
		assert.deepEqual(await started?.run(), { ms: 10, value });
		assert.deepEqual(await started?.run(), { ms: 20, value });
		await assert.rejects(
			async () => started?.run(),
			/The peer "fake" \(.*fake-peer\.ts\) ended early/,
		);
	} finally {
		if (before === undefined) delete process.env.OPENBLAS_CORETYPE;
		else process.env.OPENBLAS_CORETYPE = before;
	}
});

test("a peer whose Python module is not installed is left out", async () => {
	const needs = "a_module_that_nobody_has";
	const script = "sklearn_fit.py";
	assert.equal(
		await startPeer({ name: "none", script, needs, settings: {} }),
		undefined,
	);
});
