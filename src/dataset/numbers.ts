const NUMBER =
	/^([+-]?)(?:(0|[1-9]\d*)(?:\.(\d*))?|\.(\d+))(?:[eE]([+-]?\d{1,9}))?$/;

/**
 * The one way to write a number: the shortest decimal form, with all of its digits, so that texts of equal value give
 * one text: "1.0", "1", "+1" and "10e-1" are "1", ".50" is "0.5", "-0" is "0", "1e-07" is "1e-7"; what JavaScript prints
 * of a double stays as it is. Undefined for what is no finite decimal number, and for digits behind a leading zero
 * ("007"), which are a code and no number.
 */
export function canonicalNumber(text: string): string | undefined {
	const found = NUMBER.exec(text);
	if (!found) return undefined;
	const [, sign, whole = "", behind = found[4] ?? "", , power = "0"] = found;
	const all = (whole + behind).replace(/^0+/, "");
	const digits = all.replace(/0+$/, "");
	if (digits === "") return "0";
	// the value is 0.<digits> times 10 to the power of point
	const point = all.length - behind.length + Number(power);
	return (sign === "-" ? "-" : "") + written(digits, point);
}

/** As JavaScript writes doubles, but for whole numbers of more digits, which stay whole. */
function written(digits: string, point: number): string {
	if (point > Math.max(21, digits.length) || point <= -6) {
		const rest = digits.length > 1 ? `.${digits.slice(1)}` : "";
		return `${digits[0]}${rest}e${point > 0 ? "+" : ""}${point - 1}`;
	}
	if (point >= digits.length) return digits.padEnd(point, "0");
	if (point > 0) return `${digits.slice(0, point)}.${digits.slice(point)}`;
	return `0.${"0".repeat(-point)}${digits}`;
}

/**
 * A float as text: the fewest digits that name it among the floats of its width (in bits), so that 0.1 stored in 32 bits
 * is "0.1"; "inf" and "-inf" as Python prints them, and "" for NaN, which is no value.
 */
export function floatText(value: number, bits: 16 | 32 | 64): string {
	if (Number.isNaN(value)) return "";
	if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
	if (Object.is(value, -0)) return "0";
	if (bits === 64) return String(value);
	const isIt = bits === 32 ? isFloat : isHalf;
	for (let precision = 1; precision < 9; precision++) {
		const short = Number(value.toPrecision(precision));
		if (isIt(short, value)) return String(short);
	}
	return String(Number(value.toPrecision(9)));
}

function isFloat(short: number, value: number): boolean {
	return Math.fround(short) === value;
}

/** Whether a number rounds to this half: it lies within half of the distance to its neighbors. */
function isHalf(short: number, value: number): boolean {
	const size = Math.abs(value);
	const exponent = Math.max(-14, Math.floor(Math.log2(size)));
	const step = 2 ** (exponent - 10);
	const below = size === 2 ** exponent && exponent > -14 ? step / 2 : step;
	const away = Math.abs(short) - size;
	return short * value >= 0 && (away < 0 ? -away < below / 2 : away < step / 2);
}

/** The digits of a decimal as they were written: the unscaled number with its point, e.g. 350 of scale 3 is "0.350". */
export function decimalText(unscaled: bigint, scale: number): string {
	const digits = (unscaled < 0n ? -unscaled : unscaled).toString();
	const sign = unscaled < 0n ? "-" : "";
	if (scale <= 0) return sign + digits + "0".repeat(unscaled ? -scale : 0);
	const padded = digits.padStart(scale + 1, "0");
	return `${sign}${padded.slice(0, -scale)}.${padded.slice(-scale)}`;
}
