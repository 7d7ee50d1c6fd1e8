import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { random } from "../../src/random";
import { temporaryFolder } from "../tiny";
import { sha256, startHub, useHub } from "./server";

const { folder, remove } = temporaryFolder();
const r = random(11);
const content = Buffer.from(
	Uint8Array.from({ length: 400_000 }, () => Math.floor(r.uniform() * 256)),
);
const setup = startHub({
	"models/org/name": { files: { "model.safetensors": content } },
});
after(async () => {
	await (await setup).stop();
	remove();
});

/** Starts a process that fetches the file. */
async function start(cache: string) {
	useHub(await setup, cache);
	const script = join(__dirname, "fetch.ts");
	const args = ["--import", "tsx", script, "org/name", "model.safetensors"];
	const child = spawn(process.execPath, args, {
		stdio: ["ignore", "pipe", "inherit"],
	});
	let said = "";
	child.stdout.setEncoding("utf8").on("data", (text) => {
		said += text;
	});
	const ended = new Promise<string>((done) =>
		child.on("close", () => done(said)),
	);
	return { child, ended, until: (bytes: number) => until(child, bytes) };
}

/** Waits until a process says that it has so many bytes. */
function until(child: ChildProcess, bytes: number): Promise<void> {
	return new Promise((done, fail) => {
		child.stdout?.on("data", (text: string) => {
			for (const [, at] of text.matchAll(/at (\d+)/g))
				if (Number(at) >= bytes && Number(at) < content.length) done();
		});
		child.on("close", () => fail(new Error("it ended too early")));
	});
}

function fetched(said: string): Buffer {
	const path = /path (.*)/.exec(said)?.[1];
	assert.ok(path, said);
	return readFileSync(path);
}

const blobs = (cache: string) =>
	readdirSync(join(cache, "hub", "models--org--name", "blobs"));

test("what a killed process had fetched is not fetched again", async () => {
	const hub = await setup;
	const cache = join(folder, "killed");
	hub.fault = () => ({ speed: 200 });
	const first = await start(cache);
	await first.until(100_000);
	first.child.kill("SIGKILL");
	await first.ended;
	assert.equal(blobs(cache).length, 1);
	assert.match(blobs(cache)[0], /\.incomplete$/);
	hub.seen.length = 0;
	hub.fault = () => undefined;
	const second = await start(cache);
	assert.deepEqual(fetched(await second.ended), content);
	const [get, ...more] = hub.seen.filter(({ host }) => host === "cdn");
	const from = Number(/^bytes=(\d+)-$/.exec(get.headers.range ?? "")?.[1]);
	assert.ok(from >= 100_000 && from < content.length, `${from}`);
	assert.equal(more.length, 0);
	assert.deepEqual(blobs(cache), [sha256(content)]);
});

test("of two processes one downloads, and the other waits for it; where the first is killed, the second goes on", async () => {
	const hub = await setup;
	const cache = join(folder, "two");
	hub.seen.length = 0;
	hub.fault = () => ({ speed: 100 });
	const first = await start(cache);
	await first.until(50_000);
	const second = await start(cache);
	await second.until(50_000); // the other's bytes
	assert.equal(hub.seen.filter(({ host }) => host === "cdn").length, 1);
	hub.fault = () => undefined;
	first.child.kill("SIGKILL");
	assert.deepEqual(fetched(await second.ended), content);
	assert.match(hub.seen.at(-1)?.headers.range ?? "", /^bytes=[1-9]/);
	assert.deepEqual(blobs(cache), [sha256(content)]);
});

test("processes that begin at once all end with the whole file", async () => {
	const hub = await setup;
	const cache = join(folder, "many");
	hub.fault = () => ({ speed: 1000 });
	const all = await Promise.all([1, 2, 3].map(() => start(cache)));
	for (const { ended } of all) assert.deepEqual(fetched(await ended), content);
	assert.deepEqual(blobs(cache), [sha256(content)]);
});
