import { forEachEntry, type Matrix } from "../activations";
import { random } from "../random";
import { squareBetween } from "./distances";

/** Squared distance below which rows of length 1 are equal: what 32 bits leave between them. */
const EQUAL = 1e-12;
/** Equal rows lie no further apart than this along a random direction: ten deviations. */
const APART = 1e-5;

/**
 * For each row, of length 1 or 0, the number of the first row that equals it but for the rounding of 32 bits. Rows are
 * compared where they lie side by side along a random direction.
 */
export function distinctRows(x: Matrix): Uint32Array {
	const draw = random(0);
	const direction = Float64Array.from({ length: x.columns }, draw.normal);
	const place = new Float64Array(x.rows);
	forEachEntry(x, (row, column, value) => {
		place[row] += value * direction[column];
	});
	const order = Uint32Array.from(place.keys()).sort(
		(a, b) => place[a] - place[b],
	);
	const first = Uint32Array.from(place.keys()); // of those equal to a row that was met before, the least number
	const like = new Uint32Array(x.rows); // which of these rows each is
	let near: number[] = [];
	for (const row of order) {
		near = near.filter((other) => place[row] - place[other] <= APART);
		const same = near.find((other) => squareBetween(x, row, other) <= EQUAL);
		if (same === undefined) near.push(row);
		like[row] = same ?? row;
		first[like[row]] = Math.min(first[like[row]], row);
	}
	return like.map((row) => first[row]);
}
