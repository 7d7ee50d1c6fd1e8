import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import {
	chmodSync,
	cpSync,
	mkdirSync,
	readdirSync,
	readFileSync,
	rmSync,
	statSync,
	utimesSync,
	writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { extract, openActivations } from "../../src/activations";
import { holderName, thisProcess } from "../../src/holder";
import { loadModel, type Model } from "../../src/model";
import { temporaryFolder, writeRandomGpt2 } from "../tiny";
import { filesOf, madeSentences } from "./made";
import type { Job } from "./store-child";

const { folder, remove } = temporaryFolder();
const at = (name: string) => join(folder, name);
const hook_name = "blocks.1.hook_resid_post";
const sentences = madeSentences(150);
const shard_tokens = 60;
let model: Model;
before(async () => {
	chmodSync(folder, 0o755); // another user reads the model
	model = await loadModel(writeRandomGpt2(at("model")));
	await extract(model, sentences, { hook_name, to: at("whole"), shard_tokens });
});
after(async () => {
	await model.dispose();
	remove();
});

function job(name: string, more: Partial<Job> = {}): Job {
	const to = at(name);
	return { model: at("model"), to, sentences: 150, shard_tokens, ...more };
}

const command = (job: Job) => [
	process.execPath,
	"--import",
	"tsx",
	join(__dirname, "store-child.ts"),
	JSON.stringify(job),
];

/** Starts a child; `saw` hears all that it has written whenever there is more. */
function start(
	job: Job,
	saw: (output: string, child: ChildProcess) => void = () => {},
) {
	const [node, ...args] = command(job);
	const child = spawn(node, args, { stdio: ["ignore", "pipe", "inherit"] });
	let output = "";
	child.stdout.on("data", (more) => {
		output += more;
		saw(output, child);
	});
	const ended = new Promise<{ output: string; signal: string | null }>((done) =>
		child.on("close", (_, signal) => done({ output, signal })),
	);
	return { child, ended };
}

const batches = (output: string) => output.split(".").length - 1;

test("killed in the midst of any write, fsync or rename, it goes on and ends byte for byte the same", async () => {
	// Locks and the two first files take about ten calls, a shard 10 and its line 3.
	for (const killAt of [1, 2, 3, 5, 8, 13, 20, 21, 22, 23, 24, 47]) {
		const { signal } = await start(job("calls", { killAt })).ended;
		assert.equal(signal, "SIGKILL", `it was killed at call ${killAt}`);
	}
	const { output } = await start(job("calls")).ended;
	assert.match(output, /done$/);
	assert.deepEqual(filesOf(at("calls")), filesOf(at("whole")));
});

test("killed at random moments again and again, it ends byte for byte the same", async () => {
	let killed = 0;
	for (let round = 0; round < 5; round++) {
		const after = Math.floor(12 * Math.random());
		let waiting = false;
		const { ended } = start(job("random"), (output, child) => {
			if (waiting || !output.startsWith("ready") || batches(output) < after)
				return;
			waiting = true;
			setTimeout(() => child.kill("SIGKILL"), 6 * Math.random());
		});
		killed += Number((await ended).signal === "SIGKILL");
	}
	assert.ok(killed > 0);
	assert.match((await start(job("random")).ended).output, /done$/);
	assert.deepEqual(filesOf(at("random")), filesOf(at("whole")));
});

test("a second process on the same folder is told of the first, and nothing is lost", async () => {
	let stopped: (pid: number) => void;
	const halted = new Promise<number>((done) => {
		stopped = done;
	});
	const { child, ended } = start(job("shared"), (output, child) => {
		if (batches(output) < 2 || child.killed) return;
		child.kill("SIGSTOP");
		stopped(child.pid ?? 0);
	});
	const pid = await halted;
	await assert.rejects(
		extract(model, sentences, { hook_name, to: at("shared"), shard_tokens }),
		new RegExp(
			`^Error: Process ${pid} is extracting to \\S+shared: wait for it, or give another folder\\.$`,
		),
	);
	await assert.rejects(openActivations(at("shared")), /is not finished/);
	child.kill("SIGCONT");
	assert.match((await ended).output, /done$/);
	assert.deepEqual(filesOf(at("shared")), filesOf(at("whole")));
});

test("two calls in one process do not write to the same folder either", async () => {
	const call = () =>
		extract(model, sentences, { hook_name, to: at("twice"), shard_tokens });
	const [a, b] = await Promise.allSettled([call(), call()]);
	assert.equal(a.status, "fulfilled");
	assert.ok(b.status === "rejected");
	assert.match(b.reason.message, /^This process \(\d+\) is extracting to /);
	assert.deepEqual(filesOf(at("twice")), filesOf(at("whole")));
});

test("locks of processes that have ended are taken over, by one of those who want to", async () => {
	mkdirSync(at("locks"));
	const { pid } = spawnSync("true");
	// One that has ended, and one whose number another process has by now: this one, which started later.
	for (const dead of [pid, process.pid]) {
		const name = holderName({ ...thisProcess(), pid: dead, start: 1 });
		writeFileSync(join(at("locks"), `lock-${name}`), "");
	}
	const runs = [0, 1, 2].map(() => start(job("locks")).ended);
	const outputs = (await Promise.all(runs)).map(({ output }) => output);
	for (const output of outputs)
		assert.match(output, /done$|Process \d+ is extracting to/);
	assert.ok(outputs.some((output) => output.endsWith("done")));
	assert.deepEqual(filesOf(at("locks")), filesOf(at("whole")));
});

test("a lock of another machine is left alone, and named", async () => {
	mkdirSync(at("elsewhere"));
	writeFileSync(join(at("elsewhere"), "lock-other-7-1"), "");
	await assert.rejects(
		extract(model, sentences, { hook_name, to: at("elsewhere") }),
		/^Error: Process 7 on "other" \(if that has ended, delete \S+lock-other-7-1\) is extracting to /,
	);
	assert.deepEqual([...filesOf(at("elsewhere")).keys()], ["lock-other-7-1"]);
});

test("a process of another host, boot or container is not asked by its number; it counts as ended after 15 minutes without a sign", async () => {
	mkdirSync(at("asked"));
	const here = thisProcess();
	const { pid } = spawnSync("true"); // a number that is nobody's here
	const others = {
		'on "other"': { ...here, host: "other", pid },
		"of another container or boot": { ...here, space: "0123456789ab", pid },
	};
	const call = () =>
		extract(model, sentences, { hook_name, to: at("asked"), shard_tokens });
	for (const [words, holder] of Object.entries(others)) {
		const name = `lock-${holderName(holder)}`;
		const file = join(at("asked"), name);
		writeFileSync(file, "2026-11-30T10:00:00.000Z");
		await assert.rejects(call(), (error: Error) => {
			const sentence = `Process ${pid} ${words} (if that has ended, delete ${file}; it began at 2026-11-30 10:00:00 UTC) is extracting to ${at("asked")}: wait for it, or give another folder.`;
			assert.equal(error.message, sentence);
			return true;
		});
		assert.deepEqual(readdirSync(at("asked")), [name]);
		const before = (minutes: number) => Date.now() / 1000 - 60 * minutes;
		utimesSync(file, before(14), before(14));
		await assert.rejects(call(), /is extracting to/);
		utimesSync(file, before(16), before(16));
		await call();
		assert.deepEqual(filesOf(at("asked")), filesOf(at("whole")));
		rmSync(at("asked"), { recursive: true });
		mkdirSync(at("asked"));
	}
});

test("whoever was taken over while held up stops at its next write, and changes nothing", async () => {
	let lock = "";
	const { child, ended } = start(job("resumed"), (output) => {
		if (batches(output) < 2 || lock) return;
		lock =
			readdirSync(at("resumed")).find((name) => name.startsWith("lock-")) ?? "";
		rmSync(join(at("resumed"), lock)); // as one on another host does
		child.kill("SIGSTOP");
		setTimeout(() => child.kill("SIGCONT"), 100);
	});
	assert.match(
		(await ended).output,
		/error: Another process has taken over \S+resumed, since this one gave no sign for long: .* run it again when the other has ended\.$/,
	);
	await extract(model, sentences, {
		...{ hook_name, to: at("resumed"), shard_tokens },
	});
	assert.deepEqual(filesOf(at("resumed")), filesOf(at("whole")));
});

test("two PID namespaces with one host name do not write to one folder", async (t) => {
	const spaces = ["-p", "-f", "--mount-proc"];
	const own = process.getuid?.() === 0 ? spaces : ["-r", ...spaces];
	if (spawnSync("unshare", [...own, "true"]).status !== 0) {
		t.diagnostic("no PID namespace of its own: not tried");
		return;
	}
	const first = spawn("unshare", [...own, ...command(job("spaces"))], {
		stdio: ["ignore", "pipe", "inherit"],
	});
	const ended = new Promise((done) => first.on("close", done));
	const inside = () =>
		Number(
			readFileSync(`/proc/${first.pid}/task/${first.pid}/children`, "utf8"),
		);
	let said = "";
	let stopped = 0;
	await new Promise<void>((done) => {
		first.stdout.on("data", (more) => {
			said += more;
			if (batches(said) < 2 || stopped) return;
			stopped = inside();
			process.kill(stopped, "SIGSTOP");
			done();
		});
		first.on("close", () => done());
	});
	const [node, ...args] = command(job("spaces"));
	for (const [file, list] of [
		["unshare", [...own, node, ...args]],
		[node, args],
	] as const) {
		const { stdout } = spawnSync(file, list, { encoding: "utf8" });
		assert.match(stdout, /Process \d+ of another container or boot/);
	}
	process.kill(stopped, "SIGCONT");
	await ended;
	assert.match(said, /done$/);
	assert.deepEqual(filesOf(at("spaces")), filesOf(at("whole")));
});

test("where a file may grow no further, one sentence says so; what was whole stays, and it goes on from there", async () => {
	const { output } = await start(job("limited", { largestFile: 16384 })).ended;
	assert.match(
		output,
		/error: \S+shards\.jsonl cannot be written: it would grow beyond the largest file that is allowed here; make room, or give another place, and call again\.$/,
	);
	const names = readdirSync(at("limited"));
	assert.ok(names.length > 8 && names.length < filesOf(at("whole")).size);
	assert.ok(names.every((name) => !/part$|lock/.test(name)));
	assert.match((await start(job("limited")).ended).output, /done$/);
	assert.deepEqual(filesOf(at("limited")), filesOf(at("whole")));
});

test("a full disk is told in one sentence; when there is room again, it goes on from where it was", async (t) => {
	mkdirSync(at("disk"));
	const disk = at("disk");
	const quote = (words: string[]) =>
		words.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(" ");
	const run = quote(command(job("disk/store")));
	const script = [
		`mount -t tmpfs -o size=160k tmpfs ${disk} || exit 77`,
		`${run}; echo; ls ${disk}/store`,
		`mount -o remount,size=20m ${disk}`,
		`${run}; cp -r ${disk}/store ${at("copied")}`,
	].join("\n");
	const own = process.getuid?.() === 0 ? "-m" : "-rm";
	const { stdout, status } = spawnSync("unshare", [own, "sh", "-c", script], {
		encoding: "utf8",
	});
	if (status === 77 || status === null || !stdout) {
		// Where no file system may be mounted, the limit on files above is all that can be had.
		t.diagnostic("no file system of its own: not tried");
		return;
	}
	const [first, rest] = stdout.split("\n", 2);
	assert.match(
		first,
		/error: \S+ cannot be written: the disk is full; make room, or give another place, and call again\.$/,
	);
	assert.ok(rest.length > 0);
	assert.doesNotMatch(stdout, /\.part|lock-/);
	assert.match(stdout, /shard-000000/);
	assert.match(stdout, /done$/);
	assert.deepEqual(filesOf(at("copied")), filesOf(at("whole")));
});

test("a folder that this user may not write to is refused in one sentence; a finished store in it can be read", async () => {
	const root = process.getuid?.() === 0;
	const uid = root ? 65534 : undefined;
	mkdirSync(at("closed"));
	cpSync(at("whole"), at("finished"), { recursive: true });
	cpSync(at("whole"), at("unfinished"), { recursive: true });
	writeFileSync(join(at("unfinished"), "shards.jsonl"), "");
	for (const name of ["closed", "finished", "unfinished"])
		chmodSync(at(name), 0o555); // nobody but root may write
	const before = filesOf(at("unfinished"));
	const denied =
		/error: \S+ cannot be written: this user may not write there; give a folder that is yours to write to\.$/;
	for (const name of ["closed", "unfinished", "closed/below"]) {
		const { output } = await start(job(name, { uid })).ended;
		assert.match(output, denied);
	}
	assert.deepEqual(readdirSync(at("closed")), []);
	assert.deepEqual(filesOf(at("unfinished")), before);
	const { output } = await start(job("finished", { uid })).ended;
	assert.match(output, /^readydone$/);
	for (const name of ["closed", "finished", "unfinished"])
		chmodSync(at(name), 0o755);
	assert.ok(statSync(at("closed")).isDirectory());
});
