import assert from "node:assert/strict";
import test from "node:test";
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
