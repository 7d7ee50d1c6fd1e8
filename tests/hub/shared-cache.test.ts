import assert from "node:assert/strict";
import { chmodSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { fromHub } from "../../src/hub";
import { temporaryFolder } from "../tiny";
import { commitOf, startHub, useHub } from "./server";

const { folder, remove } = temporaryFolder();
const files: Record<string, string> = {
	"config.json": '{"model_type": "gpt2"}',
	"vocab.json": "{}",
};
const repository = { files, branches: ["main", "v1"] };
const setup = startHub({ "models/org/name": repository });
after(async () => {
	await (await setup).stop();
	remove();
});

/** All that is below a folder, read-only or not. */
function allow(top: string, writing: boolean): void {
	for (const entry of readdirSync(top, {
		recursive: true,
		withFileTypes: true,
	}))
		if (entry.isDirectory())
			chmodSync(join(entry.parentPath, entry.name), writing ? 0o755 : 0o555);
	chmodSync(top, writing ? 0o755 : 0o555);
}

/** Runs something as a user whom permissions bind. */
async function bound<T>(run: () => Promise<T>): Promise<T> {
	if (process.getuid?.() !== 0) return run();
	process.seteuid?.(65534);
	try {
		return await run();
	} finally {
		process.seteuid?.(0);
	}
}

test("a shared cache that cannot be written to is used as it is: only a file that it lacks needs writing", async () => {
	const hub = await setup;
	chmodSync(folder, 0o755);
	const cache = join(folder, "shared");
	useHub(hub, cache);
	const get = (name: string, revision = "main") =>
		fromHub({ kind: "model", id: "org/name", revision }, {}, (hub) =>
			hub.get(name),
		).then(({ value }) => value);
	const path = await get("config.json");
	const home = join(cache, "hub", "models--org--name");
	allow(cache, false);
	const before = readdirSync(home, { recursive: true }).sort();
	await bound(async () => {
		const asked = hub.seen.length;
		// What is not there would be noted in .no_exist, all names in trees, another revision in refs.
		const found = await fromHub({ kind: "model", id: "org/name" }, {}, (hub) =>
			Promise.all([
				hub.wish("absent.json"),
				hub.get("config.json"),
				hub.list(),
			]),
		);
		assert.deepEqual(found.value, [undefined, path, Object.keys(files)]);
		assert.equal(found.commit, commitOf(repository));
		assert.ok(hub.seen.length > asked);
		assert.equal(await get("config.json", "v1"), path);
		await assert.rejects(get("absent.json"), /has no file "absent\.json"/);
		await assert.rejects(
			get("vocab.json"),
			/^Error: The cache folder \S+ cannot be written to \(EACCES\): set HF_HUB_CACHE to a folder that can\.$/,
		);
	});
	assert.deepEqual(readdirSync(home, { recursive: true }).sort(), before);
	allow(cache, true);
	assert.equal(readFileSync(await get("vocab.json"), "utf8"), "{}");
});
