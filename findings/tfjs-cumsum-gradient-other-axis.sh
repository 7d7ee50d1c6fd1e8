#!/usr/bin/env bash
# @tensorflow/tfjs 4.22.0: the gradient of cumsum along any axis but the last is wrong without a word where the tensor is
# square (and throws where it is not): the transpose that brings the axis to the end is not undone the right way.
# Guess: the gradient of Σ w · cumsum(x, 0) is the reversed cumulative sum of w along axis 0,
# 4,6,3,4 here. Seen: 4,3,6,4.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --ignore-scripts @tensorflow/tfjs@4.22.0 >/dev/null
cat >run.js <<'JS'
const tf = require("@tensorflow/tfjs");
(async () => {
	await tf.setBackend("cpu");
	const w = tf.tensor2d([[1, 2], [3, 4]]);
	const gradient = tf.grad((x) => x.cumsum(0).mul(w).sum())(tf.zeros([2, 2]));
	// by hand: d/dx[0][j] = w[0][j] + w[1][j], d/dx[1][j] = w[1][j]
	console.log(`right 4,6,3,4, tfjs ${[...gradient.dataSync()]}`);
})();
JS
seen=$(node run.js 2>/dev/null | grep right)
echo "$seen"
[ "$seen" = "right 4,6,3,4, tfjs 4,3,6,4" ]
