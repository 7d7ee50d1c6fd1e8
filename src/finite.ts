/** A number that is NaN or infinite was given where it cannot be used. */
export class NotFinite extends Error {}

/** The place of the first number that is not finite; −1 where all are. One pass, at the speed of memory. */
export function firstNotFinite(values: ArrayLike<number>): number {
	const n = values.length;
	// 0 times such a number is NaN. Two sums side by side, since one would wait for itself at every step.
	let even = 0;
	let odd = n % 2 ? values[n - 1] * 0 : 0;
	for (let i = 1; i < n; i += 2) {
		even += values[i - 1] * 0;
		odd += values[i] * 0;
	}
	if (even + odd === 0) return -1;
	let at = 0;
	while (Number.isFinite(values[at])) at++;
	return at;
}

/**
 * The sentence that is said of such a number, wherever it is met.
 *
 * @param where "Row 3 of the activations"
 * @param what "column 5 is NaN"
 * @param advice what to do
 */
export function notFinite(
	where: string,
	what: string,
	advice = "leave it out, or look at how it was made",
): NotFinite {
	return new NotFinite(`${where} is not finite (${what}): ${advice}.`);
}

/** Throws where one of the rows of `columns` numbers is not finite; `first`: the number of the first row. */
export function checkFinite(
	values: ArrayLike<number>,
	columns: number,
	of: string,
	{ first = 0, advice }: { first?: number; advice?: string } = {},
): void {
	const at = firstNotFinite(values);
	if (at < 0) return;
	throw notFinite(
		`Row ${first + Math.floor(at / columns)} of ${of}`,
		`column ${at % columns} is ${values[at]}`,
		advice,
	);
}
