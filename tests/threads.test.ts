import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { allowedThreads } from "../src/threads";
import { temporaryFolder } from "./tiny";

/** How many threads eight processors give with these files in the place of /proc and /sys. */
function within(files: Record<string, string>, env = {}): number {
	const { folder: root, remove } = temporaryFolder();
	for (const [name, content] of Object.entries(files)) {
		mkdirSync(dirname(join(root, name)), { recursive: true });
		writeFileSync(join(root, name), content);
	}
	const count = allowedThreads({ processors: 8, env, root });
	remove();
	return count;
}

test("without a limit every processor that the process may run on has a thread", () => {
	assert.equal(within({}), 8);
	const unlimited = {
		"proc/self/cgroup": "0::/a\n",
		"sys/fs/cgroup/a/cpu.max": "max 100000\n",
	};
	assert.equal(within(unlimited), 8);
});

test("cgroup v2: the least of the process's own limit and those above, in whole processors, counts", () => {
	const files = {
		"proc/self/cgroup": "0::/slice/job/task\n",
		"sys/fs/cgroup/slice/job/cpu.max": "300000 100000\n",
		"sys/fs/cgroup/slice/cpu.max": "550000 100000\n",
		"sys/fs/cgroup/slice/job/task/cpu.max": "max 100000\n",
	};
	assert.equal(within(files), 3);
	const above = { "sys/fs/cgroup/slice/cpu.max": "270000 100000\n" };
	assert.equal(within({ ...files, ...above }), 2);
	const half = { "sys/fs/cgroup/slice/cpu.max": "50000 100000\n" };
	assert.equal(within({ ...files, ...half }), 1);
});

test("cgroup v1: quota over period, where the controller is mounted with another and where it is a container's root", () => {
	const job = {
		"proc/self/cgroup": "5:memory:/m\n4:cpu,cpuacct:/job\n0::/\n",
		"sys/fs/cgroup/cpu,cpuacct/job/cpu.cfs_quota_us": "200000\n",
		"sys/fs/cgroup/cpu,cpuacct/job/cpu.cfs_period_us": "50000\n",
	};
	assert.equal(within(job), 4);
	const container = {
		"proc/self/cgroup": "4:cpu:/docker/1234\n",
		"sys/fs/cgroup/cpu/cpu.cfs_quota_us": "250000\n",
		"sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
	};
	assert.equal(within(container), 2);
	const none = { "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1\n" };
	assert.equal(within({ ...container, ...none }), 8);
});

test("SLURM_CPUS_PER_TASK counts where it is a number, and never above what is there", () => {
	const of = (task: string) => within({}, { SLURM_CPUS_PER_TASK: task });
	assert.deepEqual(["3", "64", "", "0", "two"].map(of), [3, 8, 8, 8, 8]);
});

const confined = spawnSync("taskset", ["-c", "0", "true"]).status === 0;
const skip = confined
	? false
	: "processors cannot be taken from a process here (taskset)";

test("a process that was given one processor has no thread on another, and gets the same numbers", {
	skip,
}, () => {
	const ask = (before: string[]) => {
		const [command, ...args] = [
			...[...before, process.execPath, "--import", "tsx"],
			join(__dirname, "threads-child.ts"),
		];
		const { stdout, stderr } = spawnSync(command, args, {
			encoding: "utf8",
			cwd: join(__dirname, ".."),
		});
		const line = stdout.trim().split("\n").at(-1);
		assert.ok(line, stderr);
		return JSON.parse(line);
	};
	const one = ask(["taskset", "-c", "0"]);
	assert.equal(one.threads, 1);
	assert.deepEqual(one.allowed, ["0"]);
	assert.equal(one.made, 0);
	const all = ask([]);
	assert.deepEqual(one.bits, all.bits);
	const slopes: number[] = one.slopes;
	const largest = Math.max(...slopes.map(Math.abs));
	for (const [i, slope] of slopes.entries())
		assert.ok(Math.abs(slope - all.slopes[i]) <= 1e-5 * largest);
});

test("nothing but the one function asks how many threads there may be", () => {
	const asked = spawnSync(
		"grep",
		["-rlE", "availableParallelism|cpus\\(\\)", join(__dirname, "../src")],
		{ encoding: "utf8" },
	);
	assert.deepEqual(
		asked.stdout
			.trim()
			.split("\n")
			.map((path) => path.replace(/.*src\//, "")),
		["threads.ts"],
	);
	const created = spawnSync(
		"grep",
		["-rl", "InferenceSession.create(", join(__dirname, "../src")],
		{ encoding: "utf8" },
	);
	for (const file of created.stdout.trim().split("\n"))
		assert.match(
			readFileSync(file, "utf8"),
			/intraOpNumThreads: allowedThreads\(\)/,
			file,
		);
});
