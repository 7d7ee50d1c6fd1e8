import { firstNotFinite, notFinite } from "../finite";
import type { Activations } from ".";
import type { DenseMatrix, Matrix, SparseMatrix } from "./matrix";

/**
 * Throws, in one sentence, unless these are rows of numbers as `Matrix` has them: whole numbers of rows and columns, as
 * many numbers as they say, and in sparse rows columns that are there, ascending. Finite or not is not looked at.
 */
export function checkMatrix(x: Matrix, of = "The rows"): void {
	const refuse = (what: string): never => {
		throw new Error(
			`${of} are no matrix: ${what}; give { kind: "dense", rows, columns, data } with data a Float32Array of rows × columns numbers, or sparse rows.`,
		);
	};
	const { kind, rows, columns } = (x ?? {}) as Partial<Matrix>;
	if (kind !== "dense" && kind !== "sparse")
		refuse(
			Array.isArray(x)
				? "they are a list"
				: `their kind is ${JSON.stringify(kind)}, where "dense" or "sparse" was expected`,
		);
	for (const [name, value] of Object.entries({ rows, columns }))
		if (!Number.isSafeInteger(value) || Number(value) < 0)
			refuse(`${name} is ${value}, where a whole number was expected`);
	if (x.kind === "sparse") checkSparse(x, refuse);
	else checkDense(x, refuse);
}

type Refuse = (what: string) => never;

/** By name: an array may come from another realm, such as a notebook's. */
function checkArray(
	name: string,
	value: unknown,
	type: string,
	refuse: Refuse,
): void {
	const own = Object.prototype.toString.call(value).slice(8, -1);
	if (own !== type)
		refuse(`${name} is of type ${own}, where a ${type} was expected`);
}

function checkDense(x: DenseMatrix, refuse: Refuse): void {
	checkArray("data", x.data, "Float32Array", refuse);
	const n = x.rows * x.columns;
	if (x.data.length !== n)
		refuse(
			`${x.rows} rows of ${x.columns} columns are ${n} numbers, and data has ${x.data.length}`,
		);
}

function checkSparse(x: SparseMatrix, refuse: Refuse): void {
	const { rows, columns, indptr, indices, values } = x;
	checkArray("indptr", indptr, "Float64Array", refuse);
	checkArray("indices", indices, "Uint32Array", refuse);
	checkArray("values", values, "Float32Array", refuse);
	if (indptr.length !== rows + 1)
		refuse(
			`${rows} rows need ${rows + 1} numbers in indptr, and it has ${indptr.length}`,
		);
	const n = indptr[rows];
	if (indptr[0] !== 0 || n !== indices.length || n !== values.length)
		refuse(
			`indptr goes from ${indptr[0]} to ${n}, and there are ${indices.length} indices and ${values.length} values`,
		);
	for (let row = 0; row < rows; row++) {
		const [from, to] = [indptr[row], indptr[row + 1]];
		if (!(Number.isInteger(to) && from <= to && to <= n))
			refuse(`indptr goes from ${from} to ${to} in row ${row}`);
		for (let p = from; p < to; p++) {
			if (indices[p] >= columns)
				refuse(
					`row ${row} has a number in column ${indices[p]}, and there are ${columns} columns`,
				);
			if (p > from && indices[p] <= indices[p - 1])
				refuse(
					`the columns of row ${row} do not ascend, as ${indices[p]} comes after ${indices[p - 1]}`,
				);
		}
	}
}

/**
 * Throws where a number is not finite, with its row and column.
 *
 * @param place what a row is called: "Row 3 of the latents"; default: "Row 3"
 * @param advice what to do
 */
export function checkValues(
	x: Matrix,
	place: (row: number) => string = (row) => `Row ${row}`,
	advice?: string,
): void {
	const values = x.kind === "dense" ? x.data : x.values;
	const at = firstNotFinite(values);
	if (at < 0) return;
	let [row, column] = [Math.floor(at / x.columns), at % x.columns];
	if (x.kind === "sparse") {
		column = x.indices[at];
		for (row = 0; x.indptr[row + 1] <= at; ) row++;
	}
	throw notFinite(place(row), `column ${column} is ${values[at]}`, advice);
}

/** For `checkValues`, where a row is of a sentence: 'Sentence 3 ("The …") of the activations at "…"'. */
export function inSentence(
	of: "activations" | "latents",
	{ sentences, hook_name }: Pick<Activations, "sentences" | "hook_name">,
	sentence: number,
): string {
	const start = (sentences.text[sentence] ?? "").slice(0, 40);
	return `Sentence ${sentence} (${JSON.stringify(start)}) of the ${of} at "${hook_name}"`;
}

/** What to do about it. */
export const LEAVE_OUT =
	"look at how they were made, or leave the sentence out with selectSentences";
