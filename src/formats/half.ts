/** Bfloat16 is the upper half of a float32. */
export function fromBfloat16(halves: Uint16Array): Float32Array {
	const bits = Uint32Array.from(halves, (half) => half << 16);
	return new Float32Array(bits.buffer);
}

/**
 * IEEE 754 half precision (1 sign bit, 5 bits of exponent, 10 of fraction) as float32, exactly.
 * `into` takes the numbers where it is given; it is as long as `halves`.
 */
export function fromFloat16(
	halves: Uint16Array,
	into: Float32Array = new Float32Array(halves.length),
): Float32Array {
	const values = table();
	for (let i = 0; i < halves.length; i++) into[i] = values[halves[i]];
	return into;
}

/**
 * Float32 as the nearest half precision, ties to the even one, as IEEE 754 rounds. From 65,520 on it is infinite.
 * `into` takes the halves where it is given; it is as long as `values`.
 */
export function toFloat16(
	values: Float32Array,
	into: Uint16Array = new Uint16Array(values.length),
): Uint16Array {
	const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
	for (let i = 0; i < bits.length; i++) {
		const sign = (bits[i] >>> 16) & 0x8000;
		const size = bits[i] & 0x7fffffff;
		into[i] = sign | (size >= 0x38800000 ? normal(size) : subnormal(size));
	}
	return into;
}

/** From 2^-14 on: another bias of the exponent, and 13 bits less; the carry of rounding up runs into the exponent. */
function normal(size: number): number {
	if (size > 0x7f800000) return 0x7e00; // NaN
	if (size >= 0x477ff000) return 0x7c00; // 65,520 and more
	const odd = (size >>> 13) & 1;
	return (size - 0x38000000 + 0xfff + odd) >>> 13;
}

/** Below 2^-14: a multiple of 2^-24. */
function subnormal(size: number): number {
	const shift = 126 - (size >>> 23); // from 14, just below 2^-14
	if (shift > 24) return 0; // less than half of 2^-24
	const fraction = (size & 0x7fffff) | 0x800000;
	const odd = (fraction >>> shift) & 1;
	return (fraction + (1 << (shift - 1)) - 1 + odd) >>> shift;
}

let known: Float32Array | undefined;

/** The value of each of the 65,536 halves. */
function table(): Float32Array {
	known ??= Float32Array.from({ length: 65536 }, (_, half) => {
		const sign = half & 0x8000 ? -1 : 1;
		const exponent = (half >> 10) & 31;
		const fraction = half & 1023;
		if (exponent === 0) return sign * fraction * 2 ** -24;
		if (exponent === 31)
			return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
		return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
	});
	return known;
}
