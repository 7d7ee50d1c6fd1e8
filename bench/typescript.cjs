/**
 * Lets plain Node require TypeScript files: `node --require ./bench/typescript.cjs file.ts`. tsx does too, but it also
 * takes the libraries in node_modules through its compiler, and what that leaves in memory (150 MB with
 * transformers.js) would be counted as ours.
 */
const { readFileSync } = require("node:fs");
const { transformSync } = require("esbuild");

require.extensions[".ts"] = (module, file) => {
	const { code } = transformSync(readFileSync(file, "utf8"), {
		loader: "ts",
		format: "cjs",
		platform: "node",
		target: "node20",
	});
	module._compile(code, file);
};
