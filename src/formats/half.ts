/** Bfloat16 is the upper half of a float32. */
export function fromBfloat16(halves: Uint16Array): Float32Array {
	const bits = Uint32Array.from(halves, (half) => half << 16);
	return new Float32Array(bits.buffer);
}

/** IEEE 754 half precision: 1 sign bit, 5 bits of exponent, 10 of fraction. */
export function fromFloat16(halves: Uint16Array): Float32Array {
	return Float32Array.from(halves, (half) => {
		const sign = half & 0x8000 ? -1 : 1;
		const exponent = (half >> 10) & 31;
		const fraction = half & 1023;
		if (exponent === 0) return sign * fraction * 2 ** -24;
		if (exponent === 31)
			return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
		return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
	});
}
