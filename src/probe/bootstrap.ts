import { random } from "../random";

/**
 * Bootstrap resamples by group: draws as many groups as there are, with replacement, `n` times. Each is how often every
 * row counts: as often as its group was drawn. The array is used again for the next.
 *
 * `groups`: the group of each row, any whole numbers: the sentence of a token, or rows that are their own.
 */
export function* resamples(
	groups: ArrayLike<number>,
	n: number,
	seed: number,
): Generator<Uint32Array> {
	const number = new Map<number, number>();
	const groupOf = Uint32Array.from(groups, (group) => {
		const known = number.get(group) ?? number.size;
		number.set(group, known);
		return known;
	});
	const draw = random(seed);
	const times = new Uint32Array(number.size);
	const weights = new Uint32Array(groupOf.length);
	for (let i = 0; i < n; i++) {
		times.fill(0);
		for (let g = 0; g < times.length; g++) times[draw.int(times.length)]++;
		for (let row = 0; row < weights.length; row++)
			weights[row] = times[groupOf[row]];
		yield weights;
	}
}

/** The 2.5 and the 97.5 % percentile, between two values by linear interpolation, as numpy's. NaN does not count. */
export function intervalOf(values: ArrayLike<number>): [number, number] {
	const sorted = Float64Array.from(values)
		.filter((v) => !Number.isNaN(v))
		.sort();
	const percentile = (share: number) => {
		const at = share * (sorted.length - 1);
		const below = Math.floor(at);
		const [a, b] = [
			sorted[below],
			sorted[Math.min(below + 1, sorted.length - 1)],
		];
		return a + (at - below) * (b - a);
	};
	return [percentile(0.025), percentile(0.975)];
}
