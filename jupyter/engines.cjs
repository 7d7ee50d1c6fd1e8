// Prints two lines of the table that kernel-setup.sh ends with: the engines that do the arithmetic.
const { env, listSupportedBackends } = require("onnxruntime-node");
const { loadTfjs } = require("../dist/sae");

const line = (name, text) => console.log(`${name.padEnd(14)} ${text}`);

async function main() {
	const devices = listSupportedBackends().filter(({ bundled }) => bundled);
	const names = devices.map(({ name }) => name).join(", ");
	line("ONNX Runtime", `${env.versions.node}: ${names}`);
	const { backend, why } = await loadTfjs();
	line("tfjs", `${backend}: ${why}`);
}

main();
