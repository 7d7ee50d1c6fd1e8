import { createRequire } from "node:module";
import { dirname, sep } from "node:path";
import type * as Tf from "@tensorflow/tfjs";
import type * as Wasm from "@tensorflow/tfjs-backend-wasm";
import { checkRoom, noMemory } from "../../kernels";
import { mendGradients } from "./tfjs-gradients";

/** TensorFlow.js with a backend that has run an operation. */
export interface TensorFlow {
	tf: typeof Tf;
	/** "tensorflow": the native addon of @tensorflow/tfjs-node; "wasm": WebAssembly SIMD, one thread. */
	backend: "tensorflow" | "wasm";
	/** One sentence on why this backend. */
	why: string;
}

/**
 * Loads TensorFlow.js: `@tensorflow/tfjs-node` where its native addon loads and computes, the WebAssembly backend
 * otherwise. `from` is the `require` to load with.
 */
export async function loadTfjs(
	from: NodeJS.Require = createRequire(__filename),
): Promise<TensorFlow> {
	const native = loadNative(from);
	if (typeof native !== "string")
		return {
			tf: native,
			backend: "tensorflow",
			why: "@tensorflow/tfjs-node is installed, and its native addon computes.",
		};
	const tf = from("@tensorflow/tfjs") as typeof Tf;
	const name = "@tensorflow/tfjs-backend-wasm";
	const { setWasmPaths } = from(name) as typeof Wasm;
	setWasmPaths(dirname(from.resolve(name)) + sep);
	if (!(await started(tf)) || !computes(tf))
		throw new Error(
			"The WebAssembly backend of TensorFlow.js did not start: run `npm install` again.",
		);
	mendGradients(tf);
	return { tf, backend: "wasm", why: native };
}

/** Whether the backend starts. Throws one sentence where there is no room for its memory. */
async function started(tf: typeof Tf): Promise<boolean> {
	if (tf.getBackend() !== "wasm") checkRoom(2); // its own, and that of Node.js's fetch
	try {
		return await tf.setBackend("wasm");
	} catch (error) {
		throw noMemory(error);
	}
}

/** The package, or why it cannot be used. */
function loadNative(from: NodeJS.Require): typeof Tf | string {
	try {
		// Not in the type checker's sight: the package is optional.
		const tf = from("@tensorflow/tfjs-node") as typeof Tf;
		return computes(tf)
			? tf
			: "@tensorflow/tfjs-node is installed, but adds 1 and 2 wrongly.";
	} catch (error) {
		const { code, message } = error as NodeJS.ErrnoException;
		return code === "MODULE_NOT_FOUND" &&
			/'@tensorflow\/tfjs-node'/.test(message)
			? "@tensorflow/tfjs-node is not installed: it is optional, and npm leaves it out where its native library cannot be downloaded."
			: `@tensorflow/tfjs-node is installed, but its native addon does not work (${code ?? "no error code"}).`;
	}
}

function computes(tf: typeof Tf): boolean {
	return tf.tidy(() => tf.add(1, 2).dataSync()[0] === 3);
}
