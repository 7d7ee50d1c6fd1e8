import assert from "node:assert/strict";
import { test } from "node:test";
import { noMemory } from "../../src/kernels";

test("no room for a memory is said with its cure, in whatever words the engine says it; another error stays", () => {
	for (const message of [
		"WebAssembly.Memory(): could not allocate memory",
		"WebAssembly.instantiate(): Out of memory: Cannot allocate Wasm memory for new instance",
	]) {
		const said = noMemory(new RangeError(message), 12.5) as Error;
		assert.match(
			said.message,
			/no room for a WebAssembly memory of 13 MB.*Node\.js 24 or newer.*--disable-wasm-trap-handler/,
		);
		assert.equal((said.cause as Error).message, message);
	}
	const other = new Error("The memory of the user");
	assert.equal(noMemory(other), other);
});
