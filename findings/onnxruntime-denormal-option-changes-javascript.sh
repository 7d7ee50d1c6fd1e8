#!/usr/bin/env bash
# onnxruntime-node 1.30.0 (Node.js 20 to 26, x64): a session that is opened with
# session.set_denormal_as_zero = "1" changes the arithmetic of the JavaScript thread that opened it, for good. From then on
# Number.MIN_VALUE behaves as 0, so the usual guard p * log(p + Number.MIN_VALUE) gives NaN where p is 0.
# Expected: the option concerns the runtime's own kernels. Seen: "before 0, after NaN".
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --ignore-scripts onnxruntime-node@1.30.0 >/dev/null
# the smallest model there is, y = x, as protobuf: ir_version, opset, one Identity node
cat >run.js <<'JS'
const { InferenceSession } = require("onnxruntime-node");
const bytes = (...parts) => Buffer.concat(parts.map((p) => (typeof p === "string" ? Buffer.from(p) : Buffer.from(p))));
const field = (number, data) => bytes([(number << 3) | 2, data.length], data);
const int = (number, value) => Buffer.from([number << 3, value]);
const value = (name) =>
	bytes(field(1, Buffer.from(name)), field(2, field(1, bytes(int(1, 1), field(2, field(1, int(1, 1)))))));
const node = bytes(field(1, Buffer.from("x")), field(2, Buffer.from("y")), field(4, Buffer.from("Identity")));
const graph = bytes(field(1, node), field(2, Buffer.from("g")), field(11, value("x")), field(12, value("y")));
const model = bytes(int(1, 8), field(7, graph), field(8, int(2, 17)));
const term = (p) => p * Math.log(p + JSON.parse("5e-324"));
(async () => {
	const before = term(0);
	await InferenceSession.create(model, { extra: { session: { set_denormal_as_zero: "1" } } });
	const after = term(0);
	console.log(`before ${before === 0 ? 0 : before}, after ${after}`);
})();
JS
seen=$(node run.js)
echo "$seen"
[ "$seen" = "before 0, after NaN" ]
