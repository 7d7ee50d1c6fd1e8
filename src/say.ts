/** Numbers and findings as words, true of the numbers they are made from. */

/** What stands where a number is not known. */
export const dash = "–";

/** 1234567 -> "1,234,567". */
export function count(n: number): string {
	return Number.isFinite(n) ? Math.round(n).toLocaleString("en-US") : dash;
}

/** 1 -> "1 sentence", 1234 -> "1,234 sentences". */
export function several(n: number, one: string, many = `${one}s`): string {
	return `${count(n)} ${n === 1 ? one : many}`;
}

/** 0.9531 -> "95.3%"; what is not all is never "100.0%", and what is not nothing never "0.0%": 0.9999 -> "99.99%". */
export function percent(share: number): string {
	if (!Number.isFinite(share)) return dash;
	const nearest = Math.round(share);
	if (Math.abs(share - nearest) < 1e-12) return `${100 * nearest || 0}.0%`;
	for (let digits = 1; digits <= 4; digits++) {
		const text = (100 * share).toFixed(digits);
		if (Number(text) !== 100 * nearest) return `${signed(text)}%`;
	}
	if (share > 0 && share < 0.5) return "< 0.0001%";
	if (share < 1 && share > 0.5) return "> 99.9999%";
	return `${fixed(100 * share, 1)}%`;
}

/** -0.0301 with 2 digits -> "−0.03", -0.001 -> "0.00"; what is not 1 is never "1.00": 0.999 -> "0.999". */
export function fixed(x: number, digits: number): string {
	if (!Number.isFinite(x)) return dash;
	for (let more = digits; isBelowOne(x) && more <= 6; more++)
		if (Math.abs(Number(x.toFixed(more))) !== 1) {
			const text = x.toFixed(more);
			return Number(text) === 0 ? text.replace("-", "") : signed(text);
		}
	return signed(x.toFixed(digits));
}

/** -0.030123 -> "−0.0301": three significant digits; more where 1 would be said of what is less. */
export function readable(x: number): string {
	if (!Number.isFinite(x)) return dash;
	const rounded = Number(x.toPrecision(3));
	const digits = Math.abs(rounded) === 1 && isBelowOne(x) ? 6 : 3;
	return signed(
		x.toLocaleString("en-US", { maximumSignificantDigits: digits }),
	);
}

/** Further from 1 than the error of a sum. */
function isBelowOne(x: number): boolean {
	return Math.abs(x) < 1 - 1e-9;
}

function signed(text: string): string {
	return text.replace("-", "−");
}

/** 1234567 -> "1.2 M": for titles. */
export function short(n: number): string {
	if (n >= 1e6) return `${(n / 1e6).toFixed(1)} M`;
	if (n >= 1e4) return `${Math.round(n / 1e3)} k`;
	return count(n);
}

/** A number that was measured, with its 95 % interval where it has one. */
export interface Measured {
	value: number;
	interval?: readonly [number, number] | undefined;
}

/**
 * Whether one number is above another for sure: their intervals do not meet. A number without an interval is taken as it is;
 * what is NaN, itself or an end of its interval, is above and below nothing.
 */
export function isAbove(a: Measured, b: Measured): boolean {
	return (a.interval ?? [a.value])[0] > (b.interval ?? [b.value, b.value])[1];
}

/**
 * The one that is above each of the others for sure; undefined where there is none: equal ones, intervals that meet, a
 * number that is not known, or no other to be above.
 */
export function winner<T>(
	items: readonly T[],
	of: (item: T) => Measured,
): T | undefined {
	if (items.length < 2) return undefined;
	return items.find((item, i) =>
		items.every((other, j) => i === j || isAbove(of(item), of(other))),
	);
}
