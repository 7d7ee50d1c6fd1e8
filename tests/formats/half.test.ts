import assert from "node:assert/strict";
import test from "node:test";
import { fromFloat16, toFloat16 } from "../../src/formats/half";
import { random } from "../../src/random";

const one = (value: number) => toFloat16(Float32Array.of(value))[0];
const back = (half: number) => fromFloat16(Uint16Array.of(half))[0];

test("every half is read as its value and written as itself again", () => {
	const halves = Uint16Array.from({ length: 65536 }, (_, i) => i);
	const values = fromFloat16(halves);
	const again = toFloat16(values);
	for (const [half, value] of values.entries())
		if (Number.isNaN(value)) assert.ok(Number.isNaN(back(again[half])));
		else assert.equal(again[half], half, `${half} is ${value}`);
	assert.equal(values.filter(Number.isNaN).length, 2 * 1023);
});

test("halves by hand", () => {
	const known: [number, number][] = [
		[0x3c00, 1],
		[0xc000, -2],
		[0x7bff, 65504],
		[0x0400, 2 ** -14],
		[0x03ff, 1023 * 2 ** -24],
		[0x0001, 2 ** -24],
		[0x7c00, Number.POSITIVE_INFINITY],
		[0x3555, 0.333251953125],
	];
	for (const [half, value] of known) {
		assert.equal(back(half), value);
		assert.equal(one(value), half);
	}
	assert.ok(Object.is(back(0x8000), -0));
	assert.equal(one(-0), 0x8000);
});

test("what lies between two halves goes to the nearer one, and to the even one where both are as near", () => {
	assert.equal(one(1 + 2 ** -11), 0x3c00); // a tie: 0x3c00 is even
	assert.equal(one(1 + 3 * 2 ** -11), 0x3c02); // a tie: 0x3c02 is even
	assert.equal(one(2 ** -25), 0); // a tie with 0
	assert.equal(one(3 * 2 ** -25), 2); // a tie of 1 and 2
	assert.equal(one(2 ** -25 * 1.0001), 1);
	assert.equal(one(2 ** -14 - 2 ** -26), 0x0400); // rounds up out of the subnormal ones
	assert.equal(one(65519.99), 0x7bff);
	assert.equal(one(65520), 0x7c00);
	assert.equal(one(1e30), 0x7c00);
	assert.equal(one(1e-30), 0);
	const draw = random(1);
	for (let i = 0; i < 20000; i++) {
		const value = Math.fround(draw.normal() * 2 ** (draw.int(40) - 26));
		const half = one(value);
		const off = Math.abs(back(half) - value);
		for (const other of [half - 1, half + 1]) {
			if ((half & 0x7fff) === 0 && other === half - 1) continue;
			assert.ok(off <= Math.abs(back(other) - value), `${value}`);
		}
	}
});

test("numbers are put where they are asked for", () => {
	const into = new Uint16Array(2);
	assert.equal(toFloat16(Float32Array.of(1, -2), into), into);
	const numbers = new Float32Array(2);
	assert.equal(fromFloat16(into, numbers), numbers);
	assert.deepEqual(numbers, Float32Array.of(1, -2));
	// A view into a larger array is not its beginning.
	assert.equal(toFloat16(Float32Array.of(9, 1).subarray(1))[0], 0x3c00);
});
