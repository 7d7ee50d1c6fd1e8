/** A dimension: a number, or a name of one that only a run knows; "batch*seq" is a product, "?…" can be 1 or what it meets. */
export type Dim = number | string;
export type Shape = readonly Dim[];

/** How many of `dim` things lie from `start` up to `end`, negative numbers counting from the end. */
export function lengthOf(dim: Dim, start: Dim, end: Dim): Dim {
	if (start === 0 && (typeof end === "string" || end === dim)) return end; // a prefix as long as the text
	if (typeof start === "string" || typeof end === "string")
		return `?(${dim} from ${start} to ${end})`;
	if (typeof dim === "number") {
		const place = (i: number) =>
			Math.min(dim, Math.max(0, i < 0 ? dim + i : i));
		return Math.max(0, place(end) - place(start));
	}
	const toEnd = end < 0 || end > 2 ** 31;
	if (start >= 0 && toEnd) {
		const missing = start + (end < 0 ? -end : 0);
		return missing === 0 ? dim : `(${dim}-${missing})`;
	}
	if (start < 0 && toEnd) return -start + (end < 0 ? end : 0);
	return end - start;
}

/** The shape of what two shapes make together, element by element. Throws where they do not fit. */
export function broadcast(a: Shape, b: Shape): Shape {
	const rank = Math.max(a.length, b.length);
	const dim = (shape: Shape, i: number) => shape[i - rank + shape.length] ?? 1;
	return Array.from({ length: rank }, (_, i) => {
		const [one, other] = [dim(a, i), dim(b, i)];
		if (one === other || other === 1) return one;
		if (one === 1) return other;
		if (isUnknown(other)) return one;
		if (isUnknown(one)) return other;
		if (typeof one === "number" && typeof other === "number")
			throw new Error(
				`Shapes [${a}] and [${b}] do not fit each other: ${one} meets ${other}.`,
			);
		return typeof one === "number" ? one : other;
	});
}

/** Whether a dimension may be 1 as well as something else. */
export function isUnknown(dim: Dim): boolean {
	return typeof dim === "string" && dim.startsWith("?");
}

/** The shape that Reshape gives: 0 takes the dimension over, -1 is what is left. */
export function reshaped(from: Shape, to: Shape): Shape {
	const shape = to.map((dim, i) => (dim === 0 ? from[i] : dim));
	const rest = shape.filter((dim) => dim !== -1);
	return shape.map((dim) =>
		dim === -1 ? divide(times(from), times(rest)) : dim,
	);
}

/** The product of dimensions: the number first, then the names in order. */
function times(dims: Shape): Dim {
	const factors = dims.flatMap((dim) => String(dim).split("*"));
	const number = factors
		.filter((factor) => /^\d+$/.test(factor))
		.reduce((a, b) => a * Number(b), 1);
	const names = factors.filter((factor) => !/^\d+$/.test(factor)).sort();
	if (names.length === 0) return number;
	return [...(number === 1 ? [] : [number]), ...names].join("*");
}

export function divide(a: Dim, b: Dim): Dim {
	const left = String(a).split("*");
	let number = 1;
	for (const factor of String(b).split("*")) {
		const i = left.indexOf(factor);
		if (i >= 0) left.splice(i, 1);
		else if (/^\d+$/.test(factor)) number *= Number(factor);
		else return `?(${a}/${b})`;
	}
	const own = /^\d+$/.test(left[0]) ? Number(left.shift()) : 1;
	if (own % number !== 0) return `?(${a}/${b})`;
	return times([own / number, ...left]);
}

export function sum(dims: Shape): Dim {
	if (dims.every((dim) => typeof dim === "number"))
		return dims.reduce<number>((a, b) => a + Number(b), 0);
	return `(${dims.join("+")})`;
}

/** Axes counted from the front; undefined where there are none. */
export function axesOf(
	axes: Shape | undefined,
	rank: number,
): number[] | undefined {
	return axes?.map((axis) => at(axis, rank));
}

/** An axis counted from the front. */
export function at(axis: unknown, rank: number): number {
	return Number(axis) < 0 ? Number(axis) + rank : Number(axis);
}
