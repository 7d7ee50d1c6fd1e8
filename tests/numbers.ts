import assert from "node:assert/strict";

/** The largest |a − b|; equal infinities differ by nothing. Fails where the lengths differ or a value is NaN. */
export function largestDifference(
	a: ArrayLike<number>,
	b: ArrayLike<number>,
): number {
	assert.equal(a.length, b.length);
	let largest = 0;
	for (let i = 0; i < a.length; i++) {
		if (a[i] === b[i]) continue;
		const difference = Math.abs(a[i] - b[i]);
		assert.ok(!Number.isNaN(difference), `${a[i]} and ${b[i]} at ${i}`);
		largest = Math.max(largest, difference);
	}
	return largest;
}

/** KL(softmax p ‖ softmax q) of each row of logits, in 64 bits. */
export function divergences(
	p: { data: Float32Array; dims: number[] } | undefined,
	q: { data: Float32Array } | undefined,
): Float64Array {
	assert.ok(p && q);
	const width = p.dims.at(-1) as number;
	assert.equal(q.data.length, p.data.length);
	const logProbabilities = (row: Float32Array) => {
		const total = row.reduce((sum, x) => sum + Math.exp(x), 0);
		return Float64Array.from(row, (x) => x - Math.log(total));
	};
	return Float64Array.from({ length: p.data.length / width }, (_, i) => {
		const [a, b] = [p.data, q.data].map((data) =>
			logProbabilities(data.subarray(i * width, (i + 1) * width)),
		);
		return a.reduce((sum, x, j) => sum + Math.exp(x) * (x - b[j]), 0);
	});
}
