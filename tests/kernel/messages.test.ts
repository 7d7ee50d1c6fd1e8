import assert from "node:assert/strict";
import { test } from "node:test";
import {
	decodeReports,
	encodeReport,
	type Report,
} from "../../src/kernel/messages";

const reports: [Report, string][] = [
	[{ kind: "text", cell: 1, stream: "stdout" }, "Zoë 😀\n"],
	[{ kind: "text", cell: 1, stream: "stderr" }, ""],
	[{ kind: "publish", cell: 2, type: "display_data" }, '{"data":{}}'],
	[{ kind: "done", cell: 3 }, "x".repeat(70_000)],
];

test("reports come out as they went in, in pieces of any size", () => {
	const bytes = Buffer.concat(reports.map((r) => encodeReport(...r)));
	for (const size of [1, 7, 4096, bytes.length]) {
		const found: [Report, string][] = [];
		const receive = decodeReports((report, body) =>
			found.push([report, body.toString()]),
		);
		for (let at = 0; at < bytes.length; at += size)
			receive(bytes.subarray(at, at + size));
		assert.deepEqual(found, reports, `pieces of ${size}`);
	}
});
