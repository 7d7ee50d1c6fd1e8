import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import {
	holderName,
	lives,
	readHolder,
	silenceOf,
	thisProcess,
} from "../src/holder";

const here = thisProcess();

test("a holder reads back from its name, whatever its host is called", () => {
	for (const host of ["n1", "a-7-8", "ü/..%2F", ""]) {
		const holder = { ...here, host };
		assert.ok(!holderName(holder).includes("/"));
		assert.deepEqual(readHolder(holderName(holder)), holder);
	}
	assert.deepEqual(readHolder("old-host-12-345"), {
		...{ host: "old-host", space: "", pid: 12, start: 345 },
	});
	for (const text of ["", "4711", "lock", "%-1-", "a-b-c-d"])
		assert.equal(readHolder(text), undefined);
});

test("this process lives; its number with another start is one that has ended", () => {
	assert.equal(lives(here), true);
	assert.equal(lives({ ...here, start: here.start + 1 }), false);
});

test("another process lives until it ends, and its number alone does not make it alive", async () => {
	const child = spawn("sleep", ["60"]);
	const pid = child.pid ?? 0;
	const stat = spawnSync("cat", [`/proc/${pid}/stat`], { encoding: "utf8" });
	const start = Number(stat.stdout.split(") ")[1]?.split(" ")[19] ?? 0);
	assert.equal(lives({ ...here, pid, start }), true);
	if (start) assert.equal(lives({ ...here, pid, start: start - 1 }), false);
	child.kill();
	await new Promise((done) => child.on("close", done));
	assert.equal(lives({ ...here, pid, start }), false);
});

test("of another host, boot or PID namespace nothing can be said", () => {
	const { pid } = spawnSync("true");
	assert.equal(lives({ ...here, host: "other", pid }), undefined);
	assert.equal(lives({ ...here, space: "0123456789ab", pid }), undefined);
	assert.equal(lives({ ...here, space: "", pid }), undefined);
	assert.equal(lives({ ...here, pid }), false);
});

test("numbers that no process has are nobody's", () => {
	for (const pid of [0, 2 ** 60]) assert.equal(lives({ ...here, pid }), false);
});

test("silence is counted by the clock of the file system, and asking leaves nothing behind", () => {
	const folder = mkdtempSync(join(tmpdir(), "sparselens-test-"));
	const file = join(folder, "file");
	writeFileSync(file, "");
	const time = Date.now() / 1000 - 90;
	utimesSync(file, time, time);
	const silence = silenceOf(file, folder) ?? 0;
	assert.ok(silence > 80_000 && silence < 600_000, `${silence}`);
	assert.equal(silenceOf(join(folder, "gone"), folder), undefined);
	assert.equal(
		spawnSync("ls", [folder], { encoding: "utf8" }).stdout,
		"file\n",
	);
	rmSync(folder, { recursive: true });
});
