import assert from "node:assert/strict";
import {
	appendFileSync,
	cpSync,
	readFileSync,
	renameSync,
	rmSync,
	truncateSync,
	writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { extract, openActivations, poolSentences } from "../../src/activations";
import { openSafetensors } from "../../src/formats/safetensors";
import { type HookName, loadModel, type Model } from "../../src/model";
import { setProgressSink } from "../../src/progress";
import { temporaryFolder, writeRandomGpt2 } from "../tiny";
import { filesOf, gather, madeSentences } from "./made";

const { folder, remove } = temporaryFolder();
const at = (...names: string[]) => join(folder, ...names);
const hook_name: HookName = "blocks.1.hook_resid_post";
const sentences = madeSentences(40);
let model: Model;
before(async () => {
	model = await loadModel(writeRandomGpt2(at("model")));
	await again("whole");
});
after(async () => {
	await model.dispose();
	remove();
});

const again = (name: string) =>
	extract(model, sentences, { hook_name, to: at(name), shard_tokens: 100 });
const shard = (name: string) => at(name, "shard-000002.safetensors");
test("a damaged shard is named with what to do, and then only that shard is computed again", async () => {
	const damages: [string, (file: string) => void, RegExp][] = [
		[
			"a bit of a value",
			(file) =>
				flip(file, openSafetensors(file).tensors.get(hook_name)?.offset),
			/its checksum differs at "blocks\.1\.hook_resid_post"/,
		],
		["a bit of the header", (file) => flip(file, 12), /corrupt|header/],
		["the end", (file) => truncateSync(file, 1000), /its size differs/],
		["all of it", (file) => rmSync(file), /its size differs/],
	];
	const whole = filesOf(at("whole"));
	for (const [i, [what, damage, message]] of damages.entries()) {
		const name = `damaged${i}`;
		cpSync(at("whole"), at(name), { recursive: true });
		damage(shard(name));
		await assert.rejects(
			async () => gather(await openActivations(at(name))),
			(error: Error) => {
				assert.match(error.message, message, what);
				assert.match(
					error.message,
					/^The shard \S+shard-000002\.safetensors is missing or damaged \(.*\): delete that file and extract again with the same arguments; only that shard is computed again\.$/,
				);
				return true;
			},
		);
		rmSync(shard(name), { force: true });
		let computed = 0;
		setProgressSink(({ done, total }) => {
			computed++;
			assert.ok(done <= total);
		});
		await again(name);
		setProgressSink(undefined);
		assert.equal(computed, 1, "one batch of one shard");
		assert.deepEqual(filesOf(at(name)), whole);
		await gather(await openActivations(at(name)));
	}
});

function flip(file: string, place = 0): void {
	const bytes = readFileSync(file);
	bytes[place] ^= 4;
	writeFileSync(file, bytes);
}

test("damaged rows are found when they are asked for", async () => {
	cpSync(at("whole"), at("rows"), { recursive: true });
	flip(
		shard("rows"),
		openSafetensors(shard("rows")).tensors.get("end")?.offset,
	);
	const acts = await openActivations(at("rows"));
	await gather(acts);
	assert.throws(() => acts.rows, /its checksum differs at "end"/);
	await assert.rejects(poolSentences(acts), /its checksum differs at "end"/);
});

test("shards that changed places are found", async () => {
	cpSync(at("whole"), at("swapped"), { recursive: true });
	const [a, b] = ["shard-000001.safetensors", "shard-000002.safetensors"];
	renameSync(at("swapped", a), at("swapped", "c"));
	renameSync(at("swapped", b), at("swapped", a));
	renameSync(at("swapped", "c"), at("swapped", b));
	await assert.rejects(
		async () => gather(await openActivations(at("swapped"))),
		/shard-000001\.safetensors is missing or damaged/,
	);
});

test("damaged or lost sentences are named, and written again alone", async () => {
	const whole = filesOf(at("whole"));
	for (const damage of [
		(file: string) => flip(file, 20),
		(file: string) => truncateSync(file, 300),
		(file: string) => rmSync(file),
		(file: string) => appendFileSync(file, '{"text":"more"}\n'),
	]) {
		cpSync(at("whole"), at("texts"), { recursive: true });
		const file = at("texts", "sentences.jsonl");
		damage(file);
		const acts = await openActivations(at("texts"));
		assert.throws(
			() => acts.sentences,
			/sentences\.jsonl is missing or damaged \(.*\): delete that file and extract again/,
		);
		rmSync(file, { force: true });
		await again("texts");
		assert.deepEqual(filesOf(at("texts")), whole);
	}
});

test("a journal that a power cut tore is mended from where it is good", async () => {
	const whole = filesOf(at("whole"));
	const lines = readFileSync(at("whole", "shards.jsonl"), "utf8").split("\n");
	for (const torn of [
		"",
		lines[0].slice(0, 50),
		`${lines[0]}\n${lines[1].slice(0, 70)}`,
		`${lines[0]}\n\0\0\0\0\0\n`,
		`${lines[0]}\n${lines[2]}\n`,
		`${lines[0]}\n{"file":"../../etc/passwd"}\n`,
	]) {
		cpSync(at("whole"), at("torn"), { recursive: true });
		writeFileSync(at("torn", "shards.jsonl"), torn);
		await assert.rejects(
			openActivations(at("torn")),
			/but its shards\.jsonl lists only \d+: extract to it again/,
		);
		await again("torn");
		assert.deepEqual(filesOf(at("torn")), whole);
	}
});
