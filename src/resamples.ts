import { random } from "./random";

/**
 * Bootstrap resamples by unit: draws as many units as there are, with replacement, `n` times. Each is how often every
 * row counts: as often as its unit was drawn. The array is used again for the next.
 *
 * `units`: the unit of each row, any whole numbers: see `unitsOf`.
 */
export function* resamples(
	units: ArrayLike<number>,
	n: number,
	seed: number,
): Generator<Uint32Array> {
	const number = new Map<number, number>();
	const unitOf = Uint32Array.from(units, (unit) => {
		const known = number.get(unit) ?? number.size;
		number.set(unit, known);
		return known;
	});
	const draw = random(seed);
	const times = new Uint32Array(number.size);
	const weights = new Uint32Array(unitOf.length);
	for (let i = 0; i < n; i++) {
		times.fill(0);
		for (let u = 0; u < times.length; u++) times[draw.int(times.length)]++;
		for (let row = 0; row < weights.length; row++)
			weights[row] = times[unitOf[row]];
		yield weights;
	}
}
