import type { Matrix } from "../activations";
import { type Random, random } from "../random";

/** Rows for one class against the rest. */
export interface OneVsRest {
	/** Row numbers: those of the class first. */
	rows: Uint32Array;
	/** 1 for the class, 0 for the others; as many of the one as of the other. */
	y: Uint8Array;
}

/**
 * Draws rows for one class against the rest from `members`: at most `most` of the class, and as many others, evenly from
 * the other classes. Where there are fewer of the one or the other, both are as many as the fewer; where another class
 * runs out, the classes that have more give more.
 */
export function oneVsRest(
	members: ArrayLike<number>,
	classOf: ArrayLike<number>,
	nClasses: number,
	seed: number,
): (one: number, most: number) => OneVsRest {
	const byClass = shuffledByClass(members, classOf, nClasses, random(seed));
	return (one, most) => {
		const own = byClass[one];
		const others = byClass.filter((_, c) => c !== one);
		others.sort((a, b) => a.length - b.length);
		const rest = others.reduce((sum, { length }) => sum + length, 0);
		const n = Math.min(most, own.length, rest);
		const rows = own.slice(0, n);
		let left = n;
		for (const [i, some] of others.entries()) {
			const share = Math.floor(left / (others.length - i));
			const taken = some.slice(0, share);
			rows.push(...taken);
			left -= taken.length;
		}
		const y = Uint8Array.from(rows, (_, i) => (i < n ? 1 : 0));
		return { rows: Uint32Array.from(rows), y };
	};
}

function shuffledByClass(
	members: ArrayLike<number>,
	classOf: ArrayLike<number>,
	nClasses: number,
	draw: Random,
): number[][] {
	const byClass: number[][] = Array.from({ length: nClasses }, () => []);
	for (const row of draw.shuffle(Uint32Array.from(members)))
		byClass[classOf[row]].push(row);
	return byClass;
}

/** Of each column, the mean over the rows where y is 1 less the mean over those where it is 0. */
export function meanDifferences(
	x: Matrix,
	{ rows, y }: OneVsRest,
): Float64Array {
	const difference = new Float64Array(x.columns);
	const ones = y.reduce((sum, v) => sum + v, 0);
	for (let i = 0; i < rows.length; i++) {
		const share = y[i] ? 1 / ones : -1 / (y.length - ones);
		if (x.kind === "dense") {
			const base = rows[i] * x.columns;
			for (let j = 0; j < x.columns; j++)
				difference[j] += share * x.data[base + j];
		} else {
			for (let p = x.indptr[rows[i]]; p < x.indptr[rows[i] + 1]; p++)
				difference[x.indices[p]] += share * x.values[p];
		}
	}
	return difference;
}
