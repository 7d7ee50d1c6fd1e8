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
