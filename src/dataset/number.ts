/** A sign, digits with a point or without, an exponent: as programs and people write numbers into data files. */
const DECIMAL = /^[+\-−]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/**
 * The number that a text is: decimal, with spaces around it at most, such as "12", "-0.5", "+.5" or "1e3". Undefined
 * where it is none, as are "", "0x10", "1,000", "1_000", "12 cm", "Infinity" and what is beyond the largest number.
 */
export function numberOf(text: string): number | undefined {
	const trimmed = text.trim();
	if (!DECIMAL.test(trimmed)) return undefined;
	const value = Number(trimmed.replace("−", "-"));
	return Number.isFinite(value) ? value : undefined;
}
