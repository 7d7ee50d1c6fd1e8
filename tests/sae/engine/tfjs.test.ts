import assert from "node:assert/strict";
import test from "node:test";
import type { Tensor } from "@tensorflow/tfjs";
import { loadTfjs } from "../../../src/sae";

/** A `require` that has its own answer for the native addon's package, and the real one for everything else. */
function standIn(native: () => unknown): NodeJS.Require {
	const stand = (name: string) =>
		name === "@tensorflow/tfjs-node" ? native() : require(name);
	return Object.assign(stand, require);
}

function failure(message: string, code?: string): never {
	throw Object.assign(new Error(message), { code });
}

/** Computes like TensorFlow.js, as far as it is asked to. */
const working = {
	tidy: <T>(f: () => T) => f(),
	add: (a: number, b: number) => ({ dataSync: () => [a + b] }),
};

test("a native addon that is present and computes is used", async () => {
	const found = await loadTfjs(standIn(() => working));
	assert.equal(found.backend, "tensorflow");
	assert.equal(found.tf, working as unknown);
	assert.match(found.why, /its native addon computes/);
});

test("without the package the WebAssembly backend is used, and says why", async () => {
	const { tf, backend, why } = await loadTfjs(
		standIn(() =>
			failure("Cannot find module '@tensorflow/tfjs-node'", "MODULE_NOT_FOUND"),
		),
	);
	assert.equal(backend, "wasm");
	assert.match(why, /not installed/);
	assert.equal(tf.getBackend(), "wasm");
	assert.deepEqual([...tf.matMul([[1, 2]], [[3], [4]]).dataSync()], [11]);
});

test("an addon that is there but does not load is told from one that is absent", async () => {
	const { backend, why } = await loadTfjs(
		standIn(() =>
			failure(
				"Cannot find module '/x/lib/napi-v8/tfjs_binding.node'",
				"MODULE_NOT_FOUND",
			),
		),
	);
	assert.equal(backend, "wasm");
	assert.equal(
		why,
		"@tensorflow/tfjs-node is installed, but its native addon does not work (MODULE_NOT_FOUND).",
	);
});

test("an addon that loads but fails at its first operation is not used", async () => {
	for (const add of [
		() => failure("util_1.isNullOrUndefined is not a function"),
		() => ({ dataSync: () => [4] }),
	]) {
		const { backend, why } = await loadTfjs(
			standIn(() => ({ ...working, add })),
		);
		assert.equal(backend, "wasm");
		assert.match(why, /^@tensorflow\/tfjs-node is installed, but/);
	}
});

test("the gradient of a product of matrices is right, whichever factors are transposed", async () => {
	const { tf } = await loadTfjs(standIn(() => failure("absent")));
	const a = tf.randomNormal([2, 3, 4], 0, 1, "float32", 1);
	const b = tf.randomNormal([2, 4, 5], 0, 1, "float32", 2);
	const weights = tf.randomNormal([2, 3, 5], 0, 1, "float32", 3);
	// d/da Σ weights·(a b) is weights bᵀ, and d/db is aᵀ weights: here summed by hand.
	const by = (x: number[][], y: number[][]) =>
		x.map((row) =>
			y[0].map((_, j) => row.reduce((s, v, k) => s + v * y[k][j], 0)),
		);
	const turned = (x: number[][]) => x[0].map((_, j) => x.map((row) => row[j]));
	const [A, B, G] = [a, b, weights].map((t) => t.arraySync() as number[][][]);
	const ofA = A.map((_, i) => by(G[i], turned(B[i])));
	const ofB = A.map((_, i) => by(turned(A[i]), G[i]));
	for (const transposeA of [false, true])
		for (const transposeB of [false, true]) {
			const flip = (t: Tensor, really: boolean) =>
				really ? t.transpose([0, 2, 1]) : t;
			const total = (x: Tensor, y: Tensor) =>
				tf.matMul(x, y, transposeA, transposeB).mul(weights).sum().asScalar();
			const found = tf.grads(total)([flip(a, transposeA), flip(b, transposeB)]);
			close(flip(found[0], transposeA), ofA);
			close(flip(found[1], transposeB), ofB);
		}
});

function close(found: Tensor, expected: number[][][]): void {
	const right = expected.flat(2);
	for (const [i, value] of found.dataSync().entries())
		assert.ok(Math.abs(value - right[i]) < 1e-5, `${value} for ${right[i]}`);
}
