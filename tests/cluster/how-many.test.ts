import assert from "node:assert/strict";
import { test } from "node:test";
import { howManyClusters } from "../../src/cluster";
import { eigenvectors } from "../../src/cluster/eigen";
import { random } from "../../src/random";

test("eig", () => {
	const d = 40;
	const draw = random(3);
	const b = Float64Array.from({ length: d * d }, () => draw.normal());
	const a = new Float64Array(d * d);
	for (let i = 0; i < d; i++)
		for (let j = 0; j < d; j++)
			for (let k = 0; k < 20; k++) a[i * d + j] += b[i * d + k] * b[j * d + k];
	const v = eigenvectors(a, d);
	let off = 0;
	for (let p = 0; p < d; p++)
		for (let q = 0; q < d; q++) {
			let dot = 0;
			let form = 0;
			for (let i = 0; i < d; i++) {
				dot += v[p * d + i] * v[q * d + i];
				for (let j = 0; j < d; j++)
					form += v[p * d + i] * a[i * d + j] * v[q * d + j];
			}
			off = Math.max(off, Math.abs(dot - Number(p === q)));
			if (p !== q) off = Math.max(off, Math.abs(form));
		}
	assert.ok(off < 1e-10, String(off));
	const s = performance.now();
	const D = 768;
	const big = new Float64Array(D * D);
	for (let i = 0; i < D; i++)
		for (let j = 0; j <= i; j++)
			big[i * D + j] = big[j * D + i] = draw.normal();
	eigenvectors(big, D);
	console.log("768:", performance.now() - s);
});
void howManyClusters;
