#!/usr/bin/env bash
# onnxruntime-node 1.30.0, CPU: TopK of numbers among which is a NaN can leave out the largest finite numbers.
# Guess: the NaN is put first or last, and the other places hold the largest numbers. Seen: the two largest of
# [1, 2, NaN, 3, 4] are right (4, 3), but the three largest are 2, 1, NaN: both 3 and 4 are missing.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --ignore-scripts onnxruntime-node@1.30.0 >/dev/null
cat >run.js <<'JS'
const { InferenceSession, Tensor } = require("onnxruntime-node");
const join = (...parts) => Buffer.concat(parts.map((p) => Buffer.from(p)));
const field = (number, data) => join([(number << 3) | 2, data.length], data);
const text = (number, value) => field(number, Buffer.from(value));
const int = (number, value) => Buffer.from([number << 3, value]);
const value = (name, type, n) => join(text(1, name), field(2, field(1, join(int(1, type), field(2, field(1, int(1, n)))))));
const node = join(text(1, "x"), text(1, "k"), text(2, "v"), text(2, "i"), text(4, "TopK"));
const graph = (n, k) =>
	join(field(1, node), text(2, "g"), field(11, value("x", 1, n)), field(11, value("k", 7, 1)), field(12, value("v", 1, k)), field(12, value("i", 7, k)));
const model = (n, k) => join(int(1, 8), field(7, graph(n, k)), field(8, int(2, 17)));
(async () => {
	const x = [1, 2, Number.NaN, 3, 4];
	for (const k of [2, 3]) {
		const session = await InferenceSession.create(model(x.length, k));
		const { v } = await session.run({
			x: new Tensor("float32", Float32Array.from(x), [x.length]),
			k: new Tensor("int64", BigInt64Array.from([BigInt(k)]), [1]),
		});
		console.log(`k ${k}: ${[...v.data].join(" ")}`);
	}
})();
JS
seen=$(node run.js)
echo "$seen"
[ "$seen" = $'k 2: 4 3\nk 3: 2 1 NaN' ]
