import assert from "node:assert/strict";
import {
	existsSync,
	mkdirSync,
	readdirSync,
	readFileSync,
	rmSync,
	symlinkSync,
	writeFileSync,
} from "node:fs";
import { join, resolve } from "node:path";
import { after, beforeEach, test } from "node:test";
import { patience } from "../../src/hub/retry";
import { loadModel } from "../../src/model";
import { locateModel } from "../../src/model/locate";
import { commitOf, type FakeRepository, startHub, useHub } from "../hub/server";
import { temporaryFolder, writeRandomGpt2 } from "../tiny";

const { folder, remove } = temporaryFolder();
const files = filesOf(writeRandomGpt2(join(folder, "gpt2")));
const { "model.safetensors": weights, ...others } = files;
const shards = [
	"model-00001-of-00002.safetensors",
	"model-00002-of-00002.safetensors",
];
const index = (names: unknown[]) =>
	JSON.stringify({
		weight_map: Object.fromEntries(
			names.map((name, i) => [`tensor ${i}`, name]),
		),
	});
const sharded = (names: unknown[]) => ({
	files: {
		...others,
		"model.safetensors.index.json": index(names),
		[shards[0]]: "one",
		[shards[1]]: "two",
	},
});
const repositories: Record<string, FakeRepository> = {
	"models/org/gpt2": { files, branches: ["main", "v1"] },
	"models/gpt2": { files: {}, renamed: "org/gpt2" },
	"models/org/bare": {
		files: {
			"config.json": files["config.json"],
			"model.safetensors": weights,
		},
	},
	"models/org/sharded": sharded([shards[1], shards[0], shards[1]]),
	"models/org/pickles": { files: { ...others, "pytorch_model.bin": "x" } },
	"models/org/nothing": { files: { "config.json": "{}" } },
};
const setup = startHub(repositories);
after(async () => {
	await (await setup).stop();
	remove();
});
let caches = 0;
let cache = "";
beforeEach(async () => {
	cache = join(folder, `cache-${caches++}`);
	useHub(await setup, cache);
	(await setup).seen.length = 0;
	(await setup).fault = () => undefined;
	Object.assign(patience, { attempts: 2, first_wait_ms: 1 });
});

function filesOf(path: string): Record<string, Buffer> {
	return Object.fromEntries(
		readdirSync(path).map((name) => [name, readFileSync(join(path, name))]),
	);
}

test("a model of the hub is downloaded once, and computes as the same model in a folder", async () => {
	const hub = await setup;
	const model = await loadModel("org/gpt2");
	assert.equal(model.info.revision, commitOf(repositories["models/org/gpt2"]));
	const local = await loadModel(join(folder, "gpt2"));
	const tokens = model.toTokens("hello");
	assert.deepEqual(tokens, local.toTokens("hello"));
	const { logits } = await model.run("hello");
	assert.deepEqual(logits, (await local.run("hello")).logits);
	await Promise.all([model.dispose(), local.dispose()]);
	const asked = hub.seen.filter(({ method }) => method === "HEAD");
	assert.deepEqual(
		asked.map(({ path }) => path.split("/").at(-1)),
		[
			"config.json",
			"model.safetensors",
			"tokenizer.json",
			"tokenizer_config.json",
		],
	);
	hub.seen.length = 0;
	await (await loadModel("org/gpt2")).dispose();
	assert.equal(hub.seen.length, 0);
});

test("a short name that the hub redirects, and a revision, find their model", async () => {
	const { folder: at, revision } = await locateModel("gpt2");
	assert.equal(
		at,
		join(cache, "hub", "models--gpt2", "snapshots", `${revision}`),
	);
	const tagged = await locateModel("org/gpt2", { revision: "v1" });
	assert.ok(existsSync(join(cache, "hub", "models--org--gpt2", "refs", "v1")));
	const exact = await locateModel("org/gpt2", {
		revision: tagged.revision,
		offline: true,
	});
	assert.deepEqual(exact, tagged);
	await assert.rejects(
		locateModel("org/gpt2", { revision: "v2" }),
		/no revision "v2"; near names are "v1"/,
	);
});

test("a tokenizer that the repository does not have is asked for once", async () => {
	const hub = await setup;
	const { folder: at } = await locateModel("org/bare");
	assert.deepEqual(readdirSync(at).sort(), [
		"config.json",
		"model.safetensors",
	]);
	hub.seen.length = 0;
	await locateModel("org/bare");
	assert.equal(hub.seen.length, 0);
});

test("all shards that an index names are fetched", async () => {
	const hub = await setup;
	const { folder: at } = await locateModel("org/sharded");
	assert.equal(readFileSync(join(at, shards[0]), "utf8"), "one");
	assert.equal(readFileSync(join(at, shards[1]), "utf8"), "two");
	hub.seen.length = 0;
	rmSync(join(at, shards[1]));
	await locateModel("org/sharded");
	assert.equal(readFileSync(join(at, shards[1]), "utf8"), "two");
	assert.ok(hub.seen.length > 0);
});

const indices: [string, string, RegExp][] = [
	[
		"outside of its folder",
		index(["../../../x.safetensors"]),
		/names the file "\.\.\/\.\.\/\.\.\/x\.safetensors"/,
	],
	[
		"in another folder",
		index(["a/b.safetensors"]),
		/names the file "a\/b\.safetensors"/,
	],
	[
		"that is a pickle",
		index(["pytorch_model.bin"]),
		/names the file "pytorch_model\.bin"/,
	],
	["that is no text", index([7]), /names the file "7"/],
	[
		"that is hidden",
		index([".x.safetensors"]),
		/names the file "\.x\.safetensors"/,
	],
	["at all: none", index([]), /names 0 files/],
	["at all: no map", "[]", /has no "weight_map"/],
	["at all: no JSON", "{", /is not valid JSON/],
	[
		"that is not there",
		index(["model-1.safetensors"]),
		/has no file "model-1\.safetensors"; near names are/,
	],
];
for (const [what, content, message] of indices)
	test(`an index of shards naming a file ${what} is refused`, async () => {
		const hub = await setup;
		hub.repositories["models/org/index"] = {
			files: { ...others, "model.safetensors.index.json": content },
		};
		await assert.rejects(locateModel("org/index"), message);
		assert.deepEqual(readdirSync(cache), ["hub"]);
	});

test("a repository without safetensors is refused, and pickles are not fetched", async () => {
	const hub = await setup;
	await assert.rejects(
		locateModel("org/pickles"),
		/only as pickles \("pytorch_model\.bin"\), which can run code and are not read/,
	);
	assert.ok(hub.seen.every(({ path }) => !path.includes("pytorch_model")));
	await assert.rejects(
		locateModel("org/nothing"),
		/has no model\.safetensors, nor model\.safetensors\.index\.json/,
	);
});

test("a cache that Python filled is read in place, without the network", async () => {
	const model = join(cache, "hub", "models--someone--gpt2-small");
	const commit = "0123456789".repeat(4);
	const snapshot = join(model, "snapshots", commit);
	for (const part of ["refs", "blobs"])
		mkdirSync(join(model, part), { recursive: true });
	mkdirSync(snapshot, { recursive: true });
	writeFileSync(join(model, "refs", "main"), commit);
	for (const [name, content] of Object.entries(files)) {
		writeFileSync(join(model, "blobs", `blob-${name}`), content);
		symlinkSync(`../../blobs/blob-${name}`, join(snapshot, name));
	}
	const hub = await setup;
	const loaded = await loadModel("someone/gpt2-small");
	assert.equal(loaded.info.revision, commit);
	const { logits } = await loaded.run("hello");
	assert.deepEqual(logits?.dims, [1, 6, 257]);
	await loaded.dispose();
	assert.equal(hub.seen.length, 0);
	rmSync(join(snapshot, "tokenizer.json"));
	assert.equal(
		(await locateModel("someone/gpt2-small", { offline: true })).folder,
		snapshot,
	);
	process.env.HF_ENDPOINT = "http://127.0.0.1:1";
	assert.equal((await locateModel("someone/gpt2-small")).folder, snapshot);
	rmSync(join(snapshot, "model.safetensors"));
	await assert.rejects(
		locateModel("someone/gpt2-small"),
		/127\.0\.0\.1:1 cannot be reached/,
	);
});

test("what is whole stays in use when a newer version cannot be fetched whole", async () => {
	const hub = await setup;
	const name = "models/org/moving";
	const [a, b] = ["a".repeat(40), "b".repeat(40)];
	hub.repositories[name] = { files, commit: a };
	const { folder: at } = await locateModel("org/moving");
	rmSync(join(at, "tokenizer_config.json"));
	const newer = Buffer.concat([weights, Buffer.of(0)]);
	hub.repositories[name] = {
		files: { ...files, "model.safetensors": newer },
		commit: b,
	};
	hub.fault = ({ host }) => (host === "cdn" ? { status: 500 } : undefined);
	for (const offline of [false, true])
		assert.equal((await locateModel("org/moving", { offline })).revision, a);
	hub.fault = () => undefined;
	const { folder: now, revision } = await locateModel("org/moving");
	assert.equal(revision, b);
	assert.deepEqual(readFileSync(join(now, "model.safetensors")), newer);
});

test("a bundled name and a folder come before the hub, and have no revision", async () => {
	const hub = await setup;
	const { folder: tiny } = await locateModel("tiny-gpt2");
	assert.equal(tiny, resolve(__dirname, "../../data/models/tiny-gpt2"));
	assert.deepEqual(await locateModel(join(folder, "gpt2")), {
		folder: join(folder, "gpt2"),
	});
	await assert.rejects(
		locateModel("tiny-gpt2", { revision: "v1" }),
		/has no revision "v1"; only models of the hub have/,
	);
	assert.equal(hub.seen.length, 0);
});

test("a name that is nowhere is refused with what to do", async () => {
	await assert.rejects(
		locateModel("tiny-gpt3"),
		/^Error: "tiny-gpt3" is neither a bundled model \(bundled: tiny-gpt2\) nor a folder; as a hub id: 127\.0\.0\.1:\d+ refuses the model "tiny-gpt3" \(401\)/,
	);
	await assert.rejects(
		locateModel("org/unknown"),
		/refuses the model "org\/unknown" \(401\): it does not exist, or it is private/,
	);
	await assert.rejects(
		locateModel("someone/unknown", { offline: true }),
		/does not have the model "someone\/unknown", and the network is switched off/,
	);
	for (const id of [
		"../../nowhere-at-all",
		"a/../../nowhere-at-all",
		"/nowhere",
		"a\\b",
		"a\0b",
		"models--a--b",
		"",
	])
		await assert.rejects(
			locateModel(id),
			/There is no folder ".*": give a bundled name/,
		);
	await assert.rejects(
		locateModel(join(folder, "gpt2", "config.json")),
		/is a file, where a folder/,
	);
});
