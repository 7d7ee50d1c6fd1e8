import assert from "node:assert/strict";
import test from "node:test";
import { random } from "../../../src/random";
import { encoderInputs } from "../../../src/sae/engine/encoder";
import type { Selection } from "../../../src/sae/engine/sparse-trainee";
import {
	selectHere,
	selectThere,
} from "../../../src/sae/engine/topk-selection";
import { normals } from "../architectures/oracle";

const shape = { d_in: 5, d_sae: 256, batch: 9 };
const { d_in, d_sae, batch } = shape;
const k = 4;

test("every way to select gives the k largest latents of each row, through ReLU", async () => {
	const source = random(2);
	const array = {
		centred: normals(batch * d_in, source),
		W_enc: normals(d_sae * d_in, source),
		b_enc: normals(d_sae, source),
	};
	// Row 0 has two latents above zero alone.
	array.centred.fill(0, 0, d_in);
	array.b_enc.forEach((v, i) => {
		array.b_enc[i] = i === 17 || i === 200 ? 1 + i : -Math.abs(v);
	});
	const inputs = encoderInputs({ array }, shape);
	inputs.update();
	const ways: Record<string, Promise<Selection>> = {
		here: selectHere(inputs, shape, k),
		there: selectThere(inputs, shape, k, 1),
		"there, in parts": selectThere(inputs, shape, k, 32),
	};
	for (const [name, opened] of Object.entries(ways)) {
		const selection = await opened;
		const rows = {
			indptr: new Int32Array(batch + 1),
			indices: new Uint32Array(batch * k),
			values: new Float32Array(batch * k),
		};
		await selection.choose(rows);
		for (let r = 0; r < batch; r++) {
			const chosen: [number, number][] = [];
			for (let j = rows.indptr[r]; j < rows.indptr[r + 1]; j++)
				if (rows.values[j] > 0) chosen.push([rows.indices[j], rows.values[j]]);
			const expected = largest(array, r);
			assert.equal(expected.length, r === 0 ? 2 : k);
			chosen.sort((a, b) => b[1] - a[1]);
			assert.deepEqual(
				chosen.map(([i]) => i),
				expected.map(([i]) => i),
				`${name}, row ${r}`,
			);
			chosen.forEach(([, value], j) => {
				assert.ok(Math.abs(value - expected[j][1]) < 1e-4);
			});
		}
		await selection.release();
	}
});

/** The k largest pre-activations of a row above zero, with their latents. */
function largest(
	array: Record<"centred" | "W_enc" | "b_enc", Float32Array>,
	row: number,
): [number, number][] {
	const pre = Array.from(array.b_enc, (bias, i): [number, number] => {
		let sum = bias;
		for (let j = 0; j < d_in; j++)
			sum += array.centred[row * d_in + j] * array.W_enc[i * d_in + j];
		return [i, sum];
	});
	const above = pre.filter(([, value]) => value > 0);
	return above.sort((a, b) => b[1] - a[1]).slice(0, k);
}
