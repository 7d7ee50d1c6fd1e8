#!/usr/bin/env bash
# @tensorflow/tfjs-backend-wasm 4.22.0: sum, mean and norm add up in one float32 number, so a sum of ones stops growing at
# 2^24, and the mean of twenty million ones is 0.84. The plain JavaScript backend of the same release gives 20,000,000 and 1.
# Guess: pairwise or double sums, as NumPy and the other backend have. Seen: as below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --ignore-scripts @tensorflow/tfjs@4.22.0 @tensorflow/tfjs-backend-wasm@4.22.0 >/dev/null
cat >run.js <<'JS'
const tf = require("@tensorflow/tfjs");
require("@tensorflow/tfjs-backend-wasm");
(async () => {
	for (const backend of ["wasm", "cpu"]) {
		await tf.setBackend(backend);
		await tf.ready();
		const x = tf.ones([20_000_000]);
		console.log(`${backend}: sum ${x.sum().dataSync()[0]}, mean ${x.mean().dataSync()[0].toFixed(4)}`);
	}
})();
JS
seen=$(node run.js 2>/dev/null | grep -E '^(wasm|cpu):')
echo "$seen"
[ "$seen" = $'wasm: sum 16777216, mean 0.8389\ncpu: sum 20000000, mean 1.0000' ]
