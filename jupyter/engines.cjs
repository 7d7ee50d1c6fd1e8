// Prints two lines of the table that kernel-setup.sh ends with: the engines that do the arithmetic.
const line = (name, text) => console.log(`${name.padEnd(14)} ${text}`);

function onnxRuntime() {
	const { env, listSupportedBackends } = require("onnxruntime-node");
	const names = listSupportedBackends()
		.filter(({ bundled }) => bundled)
		.map(({ name }) => name);
	return `${env.versions.node}: ${names.join(", ")}`;
}

/** tfjs-node counts as present only when its native addon computes something. */
function tfjs() {
	try {
		require.resolve("@tensorflow/tfjs-node");
	} catch {
		return "wasm (@tensorflow/tfjs-node is not installed: its native library could not be downloaded)";
	}
	try {
		const tf = require("@tensorflow/tfjs-node");
		tf.add(1, 1).dataSync();
		return `tensorflow (@tensorflow/tfjs-node ${tf.version_core})`;
	} catch (error) {
		return `wasm (@tensorflow/tfjs-node does not load: ${error.message.split("\n")[0]})`;
	}
}

line("ONNX Runtime", onnxRuntime());
line("tfjs", tfjs());
