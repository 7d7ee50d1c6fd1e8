import { createHash } from "node:crypto";
import type { Matrix } from "../activations";

/** For each row the number of the first row that equals it, by a hash of what it stores. */
export function distinctRows(x: Matrix): Uint32Array {
	const first = new Map<string, number>();
	return Uint32Array.from({ length: x.rows }, (_, i) => {
		const key = keyOf(x, i);
		const known = first.get(key);
		if (known === undefined) first.set(key, i);
		return known ?? i;
	});
}

function keyOf(x: Matrix, row: number): string {
	const [from, to] =
		x.kind === "dense"
			? [row * x.columns, (row + 1) * x.columns]
			: [x.indptr[row], x.indptr[row + 1]];
	const hash = createHash("sha1");
	if (x.kind === "dense") hash.update(x.data.subarray(from, to));
	else {
		hash.update(x.indices.subarray(from, to));
		hash.update(x.values.subarray(from, to));
	}
	return hash.digest("base64");
}
