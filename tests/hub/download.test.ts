import assert from "node:assert/strict";
import fs, {
	existsSync,
	lstatSync,
	mkdirSync,
	readdirSync,
	readFileSync,
	readlinkSync,
	realpathSync,
	rmSync,
	writeFileSync,
} from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { after, beforeEach, mock, test } from "node:test";
import { fromHub, type HubOptions } from "../../src/hub";
import { patience } from "../../src/hub/retry";
import { type Progress, setProgressSink } from "../../src/progress";
import { random } from "../../src/random";
import { temporaryFolder } from "../tiny";
import {
	commitOf,
	type Fault,
	gitHash,
	sha256,
	startHub,
	useHub,
} from "./server";

const { folder, remove } = temporaryFolder();
const r = random(7);
const large = Buffer.from(
	Uint8Array.from({ length: 300_000 }, () => Math.floor(r.uniform() * 256)),
);
const small = Buffer.from('{"model_type": "gpt2"}');
const repository = {
	files: {
		"config.json": small,
		"model.safetensors": large,
		"empty.txt": "",
		"a folder/b.txt": "b",
	},
};
const setup = startHub({
	"models/org/name": repository,
	"models/org/moved": { ...repository, resolve_cache: true },
	"models/old": { files: {}, renamed: "org/name" },
	"models/org/private": { ...repository, token: "hf_secret" },
	"models/org/gated": { ...repository, token: "hf_other", gated: true },
});
after(async () => {
	await (await setup).stop();
	remove();
});

let caches = 0;
let cache = "";
beforeEach(async () => {
	const hub = await setup;
	cache = join(folder, `cache-${caches++}`);
	useHub(hub, cache);
	hub.seen.length = 0;
	hub.fault = () => undefined;
	Object.assign(patience, {
		attempts: 4,
		first_wait_ms: 5,
		longest_wait_ms: 2000,
		stall_ms: 5000,
		poll_ms: 10,
	});
	setProgressSink(undefined);
});

const fetchFile = async (
	id: string,
	name: string,
	options: HubOptions & { revision?: string } = {},
) => {
	const { revision, ...how } = options;
	const repo = { kind: "model" as const, id, ...(revision && { revision }) };
	return (await fromHub(repo, how, (files) => files.get(name))).value;
};
const home = (id = "org/name") =>
	join(cache, "hub", `models--${id.replace("/", "--")}`);
const blobs = (id?: string) => readdirSync(join(home(id), "blobs")).sort();

/** Says what goes wrong with the n-th request for the content of the large file, from 0 on. */
async function faults(...list: (Fault | undefined)[]) {
	const hub = await setup;
	let n = 0;
	hub.fault = ({ host, method }) =>
		host === "cdn" && method === "GET" ? list[n++] : undefined;
	return hub;
}

test("a file is fetched once into the layout of Python's huggingface_hub", async () => {
	const hub = await setup;
	const path = await fetchFile("org/name", "model.safetensors");
	const commit = commitOf(repository);
	assert.equal(path, join(home(), "snapshots", commit, "model.safetensors"));
	assert.equal(readlinkSync(path), `../../blobs/${sha256(large)}`);
	assert.deepEqual(readFileSync(path), large);
	assert.equal(readFileSync(join(home(), "refs", "main"), "utf8"), commit);
	const asked = hub.seen.length;
	assert.equal(await fetchFile("org/name", "model.safetensors"), path);
	assert.equal(hub.seen.length, asked);
});

test("a small file's blob has its git hash, and a file in a folder links out of it", async () => {
	const path = await fetchFile("org/name", "config.json");
	assert.equal(
		realpathSync(path),
		realpathSync(join(home(), "blobs", gitHash(small))),
	);
	const deep = await fetchFile("org/name", "a folder/b.txt");
	assert.equal(
		readlinkSync(deep),
		`../../../blobs/${gitHash(Buffer.from("b"))}`,
	);
	assert.equal(readFileSync(deep, "utf8"), "b");
	assert.equal(
		readFileSync(await fetchFile("org/name", "empty.txt"), "utf8"),
		"",
	);
});

test("a renamed repository is followed, and kept under the name that was asked for", async () => {
	const path = await fetchFile("old", "model.safetensors");
	assert.ok(path.startsWith(home("old")));
	assert.deepEqual(readFileSync(path), large);
});

test("a redirect to another path of the hub does not change what a file is", async () => {
	const path = await fetchFile("org/moved", "config.json");
	assert.deepEqual(readFileSync(path), small);
	assert.deepEqual(blobs("org/moved"), [gitHash(small)]);
});

test("the token goes to the hub and to no other host", async () => {
	const hub = await setup;
	process.env.HF_TOKEN = "hf_secret";
	assert.deepEqual(
		readFileSync(await fetchFile("org/private", "model.safetensors")),
		large,
	);
	const sent = (host: string) =>
		hub.seen
			.filter((entry) => entry.host === host)
			.map(({ headers }) => headers.authorization);
	assert.deepEqual(new Set(sent("hub")), new Set(["Bearer hf_secret"]));
	assert.deepEqual(sent("cdn"), [undefined]);
});

test("the token is also read from its file, at HF_TOKEN_PATH or in HF_HOME", async () => {
	mkdirSync(cache);
	writeFileSync(join(cache, "token"), "hf_secret\n");
	await fetchFile("org/private", "config.json");
	rmSync(cache, { recursive: true });
	process.env.HF_TOKEN_PATH = join(folder, "my-token");
	writeFileSync(process.env.HF_TOKEN_PATH, "hf_secret");
	await fetchFile("org/private", "config.json");
});

test("the cache is where HF_HUB_CACHE says, else in XDG_CACHE_HOME", async () => {
	process.env.HF_HUB_CACHE = join(folder, "elsewhere");
	await fetchFile("org/name", "config.json");
	assert.ok(
		existsSync(join(folder, "elsewhere", "models--org--name", "refs", "main")),
	);
	delete process.env.HF_HUB_CACHE;
	delete process.env.HF_HOME;
	process.env.XDG_CACHE_HOME = join(folder, "xdg");
	await fetchFile("org/name", "config.json");
	assert.ok(
		existsSync(join(folder, "xdg", "huggingface", "hub", "models--org--name")),
	);
});

test("progress counts the file's bytes up to its size", async () => {
	const told: Progress[] = [];
	setProgressSink((progress) => told.push(progress));
	await fetchFile("org/name", "model.safetensors");
	assert.ok(told.length > 2);
	for (const [i, { label, done, total, unit }] of told.entries()) {
		assert.deepEqual(
			[label, total, unit],
			["download model.safetensors", large.length, "bytes"],
		);
		assert.ok(i === 0 || done >= told[i - 1].done);
	}
	assert.equal(told.at(-1)?.done, large.length);
	assert.equal(told.filter(({ done }) => done === large.length).length, 1);
});

test("a dropped connection goes on where it broke", async () => {
	const hub = await faults({ drop_after: 100_000 }, { drop_after: 100_000 });
	const path = await fetchFile("org/name", "model.safetensors");
	assert.deepEqual(readFileSync(path), large);
	const ranges = hub.seen
		.filter(({ host }) => host === "cdn")
		.map(({ headers }) => headers.range);
	assert.equal(ranges[0], undefined);
	for (const range of ranges.slice(1))
		assert.match(range ?? "", /^bytes=[1-9]\d*-$/);
	assert.equal(ranges.length, 3);
	assert.deepEqual(blobs(), [sha256(large)]);
});

test("a server that ignores the range starts over", async () => {
	const hub = await faults({ drop_after: 100_000 }, { ignore_range: true });
	assert.deepEqual(
		readFileSync(await fetchFile("org/name", "model.safetensors")),
		large,
	);
	assert.equal(hub.seen.filter(({ host }) => host === "cdn").length, 2);
});

test("a stalled connection is given up and tried again", async () => {
	patience.stall_ms = 200;
	await faults({ stall_after: 50_000 });
	assert.deepEqual(
		readFileSync(await fetchFile("org/name", "model.safetensors")),
		large,
	);
});

test("a slow connection is not given up while something comes", async () => {
	patience.stall_ms = 400;
	const hub = await faults({ speed: 250 }); // over a second in all
	const path = await fetchFile("org/name", "model.safetensors");
	assert.deepEqual(readFileSync(path), large);
	assert.equal(hub.seen.filter(({ host }) => host === "cdn").length, 1);
});

test("too many requests and errors of the server are waited out, as long as Retry-After says", async () => {
	const hub = await setup;
	const list = [
		{ status: 429, retry_after: "1" },
		{ status: 500 },
		{ status: 503 },
	];
	hub.fault = () => list.shift();
	const began = performance.now();
	assert.deepEqual(
		readFileSync(await fetchFile("org/name", "model.safetensors")),
		large,
	);
	assert.ok(performance.now() - began >= 990);
});

test("a failed download leaves no blob but what came, and the next one goes on from there", async () => {
	const hub = await faults(...Array(4).fill({ drop_after: 20_000 }));
	await assert.rejects(
		fetchFile("org/name", "model.safetensors"),
		/the connection to .* broke|ended|after 4 attempts/i,
	);
	const left = blobs();
	assert.equal(left.length, 1);
	assert.match(left[0], /\.incomplete$/);
	assert.ok(!existsSync(join(home(), "refs", "main")));
	const size = lstatSync(join(home(), "blobs", left[0])).size;
	assert.ok(size > 0 && size < large.length);
	hub.seen.length = 0;
	assert.deepEqual(
		readFileSync(await fetchFile("org/name", "model.safetensors")),
		large,
	);
	assert.equal(
		hub.seen.find(({ host }) => host === "cdn")?.headers.range,
		`bytes=${size}-`,
	);
	assert.deepEqual(blobs(), [sha256(large)]);
});

const never: [string, Fault, RegExp][] = [
	[
		"a short file",
		{ short: 10 },
		/"299990" bytes, where 300000 were expected, after 4 attempts/,
	],
	[
		"a wrong content",
		{ wrong: true },
		/has the hash [0-9a-f]{64}, where [0-9a-f]{64} was announced, after 4/,
	],
	[
		"a connection that always stalls",
		{ stall_after: 0 },
		/sent nothing for 0.1 s, after 4 attempts/,
	],
	[
		"too many requests",
		{ status: 429 },
		/too many requests \(429\), after 4 attempts: try again later/,
	],
	[
		"a server that is down",
		{ status: 502 },
		/error of its own \(502\), after 4 attempts/,
	],
	[
		"a long Retry-After",
		{ status: 429, retry_after: "3600" },
		/come back in 3600 s/,
	],
	[
		"a range that was not asked for",
		{ headers: { "content-length": "7" } },
		/"7" bytes, where/,
	],
];
for (const [what, fault, message] of never)
	test(`${what} becomes no file, and one sentence`, async () => {
		patience.stall_ms = 100;
		const hub = await faults(...Array(5).fill(fault));
		await assert.rejects(fetchFile("org/name", "model.safetensors"), message);
		assert.ok(hub.gets().length <= 8);
		assert.ok(!existsSync(join(home(), "blobs", sha256(large))));
		assert.ok(!existsSync(join(home(), "snapshots")));
	});

test("a part that was damaged on the disk is found by its hash and fetched anew", async () => {
	mkdirSync(join(home(), "blobs"), { recursive: true });
	const part = `${sha256(large)}.0-0-0-0.incomplete`;
	writeFileSync(join(home(), "blobs", part), Buffer.alloc(1000));
	assert.deepEqual(
		readFileSync(await fetchFile("org/name", "model.safetensors")),
		large,
	);
	assert.deepEqual(blobs(), [sha256(large)]);
});

test("whatever goes wrong on the way, what gets the blob's name is the file", async () => {
	patience.stall_ms = 60;
	const dice = random(3);
	const below = (n: number) => Math.floor(dice.uniform() * n);
	const kinds: (() => Fault | undefined)[] = [
		() => ({ drop_after: below(large.length) }),
		() => ({ drop_after: below(large.length), ignore_range: true }),
		() => ({ stall_after: below(large.length) }),
		() => ({ wrong: true }),
		() => ({ wrong: true, drop_after: below(large.length) }),
		() => ({ short: 1 + below(1000) }),
		() => ({ status: [429, 500, 503][below(3)], retry_after: "0" }),
		() => ({ headers: { "content-range": "bytes 0-1/2" } }),
		() => undefined,
	];
	let whole = 0;
	for (let round = 0; round < 25; round++) {
		await faults(
			...Array.from({ length: 6 }, () => kinds[below(kinds.length)]()),
		);
		const path = await fetchFile("org/name", "model.safetensors").catch(
			() => "",
		);
		const blob = join(home(), "blobs", sha256(large));
		assert.equal(existsSync(blob), path !== "");
		if (!path) continue;
		whole++;
		assert.deepEqual(readFileSync(path), large);
		rmSync(home(), { recursive: true });
	}
	assert.ok(whole >= 10, `${whole} of 25`);
});

test("where the etag is no hash, the server says with If-Range whether to go on", async () => {
	const hub = await setup;
	const etag = '"version-1"';
	const headers = { etag };
	const list: Fault[] = [{ headers }, { headers, drop_after: 10 }, { headers }];
	hub.repositories["models/org/mirror"] = {
		files: { "config.json": small },
		large: [],
	};
	hub.fault = () => list.shift();
	const path = await fetchFile("org/mirror", "config.json");
	assert.deepEqual(readFileSync(path), small);
	assert.deepEqual(blobs("org/mirror"), ["version-1"]);
	const [, second, third] = hub.seen;
	assert.equal(second.headers["if-range"], undefined);
	assert.deepEqual(
		[third.headers.range, third.headers["if-range"]],
		["bytes=10-", etag],
	);
});

test("an abort ends the download and keeps what came", async () => {
	const hub = await faults({ speed: 200 });
	const stop = new AbortController();
	setProgressSink(({ label, done }) => {
		if (/model/.test(label) && done > 10_000) stop.abort(new Error("enough"));
	});
	await assert.rejects(
		fetchFile("org/name", "model.safetensors", { signal: stop.signal }),
		/enough/,
	);
	assert.match(blobs().join(), /^[0-9a-f]{64}\.\S+\.incomplete$/);
	hub.fault = () => undefined;
	setProgressSink(undefined);
	assert.deepEqual(
		readFileSync(await fetchFile("org/name", "model.safetensors")),
		large,
	);
});

test("where links are impossible, the file itself is moved into the snapshot", async () => {
	const symlink = mock.method(fs, "symlinkSync", () => {
		throw Object.assign(new Error("no links here"), { code: "EPERM" });
	});
	const path = await fetchFile("org/name", "model.safetensors").finally(() =>
		symlink.mock.restore(),
	);
	assert.equal(symlink.mock.callCount(), 1);
	assert.ok(lstatSync(path).isFile());
	assert.deepEqual(readFileSync(path), large);
	assert.deepEqual(blobs(), []);
});

test("two downloads at once in one process fetch the content once", async () => {
	const hub = await faults({ speed: 500 });
	const paths = await Promise.all(
		[1, 2, 3].map(() => fetchFile("org/name", "model.safetensors")),
	);
	assert.equal(new Set(paths).size, 1);
	assert.deepEqual(readFileSync(paths[0]), large);
	assert.equal(hub.seen.filter(({ host }) => host === "cdn").length, 1);
});

test("a repository, a revision or a file that is not there is named, with near names", async () => {
	await assert.rejects(
		fetchFile("org/nam", "config.json"),
		/refuses the model "org\/nam" \(401\): it does not exist, or it is private or gated; check the name, or set HF_TOKEN/,
	);
	await assert.rejects(
		fetchFile("org/name", "config.json", { revision: "mian" }),
		/model "org\/name" has no revision "mian"; near names are "main"/,
	);
	await assert.rejects(
		fetchFile("org/name", "confg.json"),
		/has no file "confg\.json"; near names are "config\.json"/,
	);
	await assert.rejects(
		fetchFile("org/gated", "config.json"),
		/is gated: accept its terms on http.*\/org\/gated, and set HF_TOKEN/,
	);
	process.env.HF_TOKEN = "hf_wrong";
	await assert.rejects(
		fetchFile("org/private", "config.json"),
		/the token in HF_TOKEN may not read it/,
	);
	delete process.env.HF_TOKEN;
	process.env.HF_TOKEN_PATH = join(folder, "wrong-token");
	writeFileSync(process.env.HF_TOKEN_PATH, "hf_wrong");
	await assert.rejects(
		fetchFile("org/private", "config.json"),
		/the token in \S+wrong-token may not read it/,
	);
	process.env.HF_HUB_DISABLE_IMPLICIT_TOKEN = "1";
	const seen = (await setup).seen.length;
	await assert.rejects(
		fetchFile("org/private", "config.json"),
		/check the name, or unset HF_HUB_DISABLE_IMPLICIT_TOKEN, which keeps the token here\.$/,
	);
	for (const { headers } of (await setup).seen.slice(seen))
		assert.equal(headers.authorization, undefined);
	const hub = await setup;
	hub.fault = () => ({ status: 404 });
	await assert.rejects(
		fetchFile("org/gone", "config.json"),
		/There is no model "org\/gone" on 127\.0\.0\.1/,
	);
});

test("offline, the cache serves what it has and says what it lacks, without a request", async () => {
	const hub = await setup;
	const path = await fetchFile("org/name", "config.json");
	hub.seen.length = 0;
	assert.equal(
		await fetchFile("org/name", "config.json", { offline: true }),
		path,
	);
	const lacks =
		/does not have "model\.safetensors" of the model "org\/name", and the network is switched off/;
	await assert.rejects(
		fetchFile("org/name", "model.safetensors", { offline: true }),
		lacks,
	);
	process.env.HF_HUB_OFFLINE = "1";
	await assert.rejects(fetchFile("org/name", "model.safetensors"), lacks);
	await assert.rejects(
		fetchFile("org/other", "config.json"),
		/does not have the model "org\/other"/,
	);
	assert.equal(hub.seen.length, 0);
});

test("an endpoint that cannot be reached is named", async () => {
	process.env.HF_ENDPOINT = "http://127.0.0.1:1";
	await assert.rejects(
		fetchFile("org/name", "config.json"),
		/^Error: http:\/\/127\.0\.0\.1:1 cannot be reached \(ECONNREFUSED\): check the network and HF_ENDPOINT/,
	);
	process.env.HF_ENDPOINT = "ftp://hub";
	await assert.rejects(
		fetchFile("org/name", "config.json"),
		/HF_ENDPOINT is "ftp:\/\/hub", where an address/,
	);
	delete process.env.HF_ENDPOINT;
});

test("a full disk and a cache that cannot be written are told in one sentence", async () => {
	const hub = await setup;
	hub.fault = () => ({ headers: { "x-linked-size": "40000000000000" } });
	await assert.rejects(
		fetchFile("org/name", "model.safetensors"),
		/needs 40000\.0 GB more, and the disk of the cache folder .* free/,
	);
	hub.fault = () => undefined;
	const file = join(folder, "no-folder");
	writeFileSync(file, "");
	process.env.HF_HUB_CACHE = join(file, "hub");
	await assert.rejects(
		fetchFile("org/name", "model.safetensors"),
		/cache folder .* cannot be written to \(ENOTDIR\): set HF_HUB_CACHE/,
	);
});

test("a write that fails for lack of space keeps what came", async () => {
	const hub = await faults({ drop_after: 100_000 });
	const probe = await open(join(folder, "probe"), "w");
	const prototype = Object.getPrototypeOf(probe);
	await probe.close();
	const { write } = prototype;
	let writes = 0;
	mock.method(prototype, "write", function (this: unknown, ...args: unknown[]) {
		if (writes++ > 0)
			throw Object.assign(new Error("full"), { code: "ENOSPC" });
		return write.apply(this, args);
	});
	await assert
		.rejects(
			fetchFile("org/name", "model.safetensors"),
			/The disk of the cache folder .* is full \(ENOSPC\)/,
		)
		.finally(() => mock.restoreAll());
	assert.match(blobs().join(), /\.incomplete$/);
	assert.deepEqual(
		readFileSync(await fetchFile("org/name", "model.safetensors")),
		large,
	);
	assert.equal(hub.seen.filter(({ host }) => host === "cdn").length, 2);
});
