import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Matrix } from "../src/activations/matrix";
import { random } from "../src/random";
import { startPeer } from "./peer";
import type { Measured, Peer } from "./types";

/** Sizes of rows to fit something to. */
export interface RowSizes {
	rows: number;
	columns: number;
	classes: number;
	/** Numbers a row that are not 0; none: all. */
	perRow?: number;
}

/** E.g. "dense 2000x128" or "sparse 4000x24576 32 a row". */
export function sizesName({ rows, columns, perRow }: RowSizes): string {
	const size = `${rows}x${columns}`;
	return perRow ? `sparse ${size} ${perRow} a row` : `dense ${size}`;
}

/** Rows around a centre for each class: dense, or `perRow` numbers a row, a third of them the class's own columns. */
export function madeRows(sizes: RowSizes): { x: Matrix; y: Uint32Array } {
	const { rows, columns, classes, perRow } = sizes;
	const draw = random(1);
	const y = Uint32Array.from({ length: rows }, () => draw.int(classes));
	if (perRow !== undefined) return { x: sparseRows(sizes, perRow, y, draw), y };
	const centre = Float32Array.from(
		{ length: classes * columns },
		() => 0.15 * draw.normal(),
	);
	const data = Float32Array.from(
		{ length: rows * columns },
		(_, at) =>
			centre[y[Math.floor(at / columns)] * columns + (at % columns)] +
			draw.normal(),
	);
	return { x: { kind: "dense", rows, columns, data }, y };
}

function sparseRows(
	{ rows, columns, classes }: RowSizes,
	perRow: number,
	y: Uint32Array,
	draw: ReturnType<typeof random>,
): Matrix {
	const indptr = new Float64Array(rows + 1);
	const indices = new Uint32Array(rows * perRow);
	const values = new Float32Array(rows * perRow);
	for (let i = 0; i < rows; i++) {
		const own = new Set<number>();
		while (own.size < perRow) {
			const any = draw.int(columns);
			const marked = any - (any % classes) + y[i];
			own.add(draw.int(3) === 0 && marked < columns ? marked : any);
		}
		indices.set(Uint32Array.from(own).sort(), i * perRow);
		indptr[i + 1] = (i + 1) * perRow;
	}
	for (let p = 0; p < values.length; p++) values[p] = 0.2 + draw.uniform();
	return { kind: "sparse", rows, columns, indptr, indices, values };
}

/** scikit-learn on the same rows, which it reads from files below `root`. */
export function scikitLearn(
	root: string,
	x: Matrix,
	settings: Record<string, number>,
	y?: Uint32Array,
): Promise<Peer | undefined> {
	const { kind, rows, columns } = x;
	const folder = join(root, `${kind}-${rows}x${columns}`);
	mkdirSync(folder, { recursive: true });
	if (x.kind === "dense") writeFileSync(join(folder, "data"), x.data);
	else
		for (const part of ["indptr", "indices", "values"] as const)
			writeFileSync(join(folder, part), x[part]);
	if (y) writeFileSync(join(folder, "y"), y);
	return startPeer({
		name: "scikit-learn",
		needs: "sklearn",
		script: "sklearn_fit.py",
		settings: { folder, kind, rows, columns, ...settings },
	});
}

/** What each side ended at: less is better. */
export function minimumNote({ ours, peer }: Measured): string {
	const own = ours[0].value?.toPrecision(7);
	const other = peer?.runs[0].value?.toPrecision(7);
	return `minimum ${own}${other ? `, the peer's ${other}` : ""}`;
}
