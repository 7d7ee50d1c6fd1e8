import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { after, beforeEach, test } from "node:test";
import { fromHub, type HubFiles } from "../../src/hub";
import { patience } from "../../src/hub/retry";
import { temporaryFolder } from "../tiny";
import { type Fault, startHub, useHub } from "./server";

const { folder, remove } = temporaryFolder();
const setup = startHub({
	"models/org/name": {
		files: { "config.json": "{}", "model.safetensors": "x".repeat(2000) },
	},
	"models/org/listing": { files: { "a/../../../escaped": "x", ok: "y" } },
});
after(async () => {
	await (await setup).stop();
	remove();
});
let caches = 0;
let top = "";
beforeEach(async () => {
	top = join(folder, `${caches++}`);
	useHub(await setup, join(top, "home"));
	(await setup).fault = () => undefined;
	Object.assign(patience, { attempts: 2, first_wait_ms: 1, stall_ms: 2000 });
});

const get = (id: string, name: string, revision?: string) =>
	fromHub(
		{ kind: "model", id, ...(revision !== undefined && { revision }) },
		{},
		(files) => files.get(name),
	);

const ids = [
	"",
	"..",
	"../../x",
	"/etc/passwd",
	"a/../../b",
	"a/b/c",
	"a\\b",
	"a\0b",
	"models--a--b",
	"a--b/c",
	"org/.hidden",
	"org/name.",
	"org/na me",
	"org/x.git",
	"org/ñ",
	"x".repeat(97),
	"org/name\n",
	`${"a.".repeat(200)}/`,
];
for (const id of ids)
	test(`the id ${JSON.stringify(id).slice(0, 30)} is refused before anything is asked or written`, async () => {
		const hub = await setup;
		hub.seen.length = 0;
		await assert.rejects(
			get(id, "config.json"),
			/is not the hub id of a model: give/,
		);
		assert.equal(hub.seen.length, 0);
		assert.ok(!existsSync(top));
	});

const revisions = [
	"",
	"..",
	"../..",
	"a/../b",
	"/main",
	"main/",
	"a//b",
	"ma\\in",
	"main\0",
	".hidden",
	"-x",
	"a b",
	"x".repeat(201),
];
for (const revision of revisions)
	test(`the revision ${JSON.stringify(revision).slice(0, 30)} is refused before anything is asked`, async () => {
		await assert.rejects(
			get("org/name", "config.json", revision),
			/is not a revision of a repository: give a branch/,
		);
		assert.ok(!existsSync(top));
	});

const names = [
	"",
	"..",
	".",
	"/etc/passwd",
	"../x",
	"a/../../x",
	"a/./b",
	"a//b",
	"a/",
	"a\\..\\b",
	"C:/x",
	"a\0b",
	"a\nb",
	"x".repeat(256),
	"a/".repeat(40),
];
for (const name of names)
	test(`the file ${JSON.stringify(name).slice(0, 30)} is refused, with the cache and without`, async () => {
		const hub = await setup;
		await get("org/name", "config.json");
		hub.seen.length = 0;
		await assert.rejects(
			get("org/name", name),
			/is not the name of a file inside a repository/,
		);
		process.env.HF_HOME = join(top, "fresh");
		await assert.rejects(
			get("org/name", name),
			/is not the name of a file inside a repository/,
		);
		assert.equal(hub.seen.length, 0);
		assert.deepEqual(readdirSync(top), ["home"]);
	});

const announcements: [string, Record<string, string>, RegExp][] = [
	[
		"a commit that is a path",
		{ "x-repo-commit": "../../../x" },
		/announces the commit "\.\.\/\.\.\/\.\.\/x" .* where 40 hexadecimal digits/,
	],
	["a short commit", { "x-repo-commit": "abc" }, /announces the commit "abc"/],
	[
		"an etag with slashes",
		{ "x-linked-etag": '"../../x"' },
		/announces the etag .* cannot name a file of the cache/,
	],
	["an etag of dots", { "x-linked-etag": '".."' }, /announces the etag/],
	["an empty etag", { "x-linked-etag": '""' }, /announces the etag/],
	["a negative size", { "x-linked-size": "-1" }, /announces the size "-1"/],
	[
		"a size with an exponent",
		{ "x-linked-size": "1e9" },
		/announces the size "1e9"/,
	],
	[
		"an absurd size",
		{ "x-linked-size": "99999999999999" },
		/announces the size "99999999999999"/,
	],
	[
		"a redirect to a file",
		{ location: "file:///etc/passwd" },
		/redirects to "file:\/\/\/etc\/passwd", which is not a safe address/,
	],
	[
		"a redirect to nowhere",
		{ location: "http://" },
		/redirects to "http:\/\/", which is not a safe address/,
	],
];
for (const [what, headers, message] of announcements)
	test(`${what}: refused, and nothing is written`, async () => {
		const hub = await setup;
		hub.fault = (): Fault => ({ headers });
		await assert.rejects(get("org/name", "model.safetensors"), message);
		assert.ok(!existsSync(top));
	});

test("a chain of redirects without end is left", async () => {
	const hub = await setup;
	hub.fault = () => ({
		headers: { location: "/org/name/resolve/main/model.safetensors" },
	});
	await assert.rejects(
		get("org/name", "model.safetensors"),
		/redirects more than 8 times/,
	);
});

test("a server that is no hub is told apart", async () => {
	const hub = await setup;
	hub.fault = () => ({ status: 200 });
	await assert.rejects(
		get("org/name", "model.safetensors"),
		/announces no etag/,
	);
	const list = (files: HubFiles) => files.list();
	await assert.rejects(
		fromHub({ kind: "model", id: "org/name" }, {}, list),
		/does not answer with JSON .* is HF_ENDPOINT a hub\?/,
	);
});

test("a list with a file outside of its repository is refused", async () => {
	const list = (files: HubFiles) => files.list();
	await assert.rejects(
		fromHub({ kind: "model", id: "org/listing" }, {}, list),
		/"a\/\.\.\/\.\.\/\.\.\/escaped" is not the name of a file inside a repository/,
	);
	assert.ok(!existsSync(top));
});

test("a token with a line break is refused without being shown", async () => {
	process.env.HF_TOKEN = "hf_sec\nret";
	await assert.rejects(get("org/name", "config.json"), (error: Error) => {
		assert.match(error.message, /The token in HF_TOKEN is not one line/);
		assert.doesNotMatch(error.message, /sec|ret\b/);
		return true;
	});
});
