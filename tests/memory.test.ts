import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { after, test } from "node:test";
import { freeMemory } from "../src/memory";
import { temporaryFolder } from "./tiny";

const { folder, remove } = temporaryFolder();
after(remove);
const MB = 2 ** 20;
let roots = 0;

/** A machine's /proc and /sys as files. */
function machine(files: Record<string, string | number>): string {
	const root = join(folder, `root-${roots++}`);
	for (const [name, text] of Object.entries(files)) {
		mkdirSync(dirname(join(root, name)), { recursive: true });
		writeFileSync(join(root, name), `${text}\n`);
	}
	return root;
}

const free = (files: Record<string, string | number>) =>
	freeMemory(machine(files), {});

const v1 = "35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory";
const v2 =
	"24 23 0:21 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate";
const none = 9223372036854771712n.toString();

/** The files of a group. */
const one = (at: string, limit: string | number, used: number, cache = 0) => ({
	[`${at}/memory.limit_in_bytes`]: limit,
	[`${at}/memory.usage_in_bytes`]: used,
	[`${at}/memory.use_hierarchy`]: 1,
	[`${at}/memory.stat`]: `cache 1\ntotal_cache 1\ninactive_file 3\ntotal_inactive_file ${cache}`,
});
const two = (at: string, limit: string | number, used: number, cache = 0) => ({
	[`${at}/memory.max`]: limit,
	[`${at}/memory.high`]: "max",
	[`${at}/memory.current`]: used,
	[`${at}/memory.stat`]: `anon 1\ninactive_file ${cache}\nactive_file 7`,
});

test("without limits it is what the machine has", () => {
	const all = free({});
	assert.ok(all > 50 * MB);
	const root = "sys/fs/cgroup/memory";
	const unlimited = {
		"proc/self/mountinfo": v1,
		"proc/self/cgroup": "4:memory:/a",
		...one(`${root}/a`, none, 5),
		...one(root, none, 7),
	};
	assert.ok(free(unlimited) > 50 * MB);
	const strange = {
		"proc/self/mountinfo": `nonsense\n${v2}`,
		"proc/self/cgroup": "nonsense\n0::/a",
		...two("sys/fs/cgroup/a", "max", 7),
		"sys/fs/cgroup/memory.max": "-1",
		"proc/self/limits": "Max address space unlimited unlimited bytes",
	};
	assert.ok(free(strange) > 50 * MB);
});

test("Slurm's limit on the job, two groups above the process, counts (version 1)", () => {
	const root = "sys/fs/cgroup/memory";
	const files = {
		"proc/self/mountinfo": v1,
		"proc/self/cgroup":
			"9:name=systemd:/\n4:cpu,memory:/slurm/uid_0/job_7/step_batch/task_0\n0::/",
		...one(`${root}/slurm/uid_0/job_7/step_batch/task_0`, none, 10 * MB),
		...one(`${root}/slurm/uid_0/job_7/step_batch`, none, 11 * MB),
		...one(`${root}/slurm/uid_0/job_7`, 40 * MB, 30 * MB, 5 * MB),
		...one(root, none, 900 * MB),
	};
	assert.equal(free(files), 15 * MB);
	const loose = {
		...files,
		[`${root}/slurm/uid_0/job_7/memory.use_hierarchy`]: 0,
	};
	assert.ok(free(loose) > 40 * MB); // does not limit what is below it
});

test("version 1 tells in a group's own file of limits above what can be seen", () => {
	const root = "sys/fs/cgroup/memory";
	const files = {
		"proc/self/mountinfo": v1,
		"proc/self/cgroup": "4:memory:/",
		...one(root, none, 10 * MB),
		[`${root}/memory.stat`]: `hierarchical_memory_limit ${30 * MB}\ntotal_inactive_file 0`,
	};
	assert.equal(free(files), 20 * MB);
});

test("a user's slice counts, and the place where the system slows a group down (version 2)", () => {
	const root = "sys/fs/cgroup";
	const at = `${root}/user.slice/user-1000.slice/session-3.scope`;
	const files = {
		"proc/self/mountinfo": v2,
		"proc/self/cgroup": "0::/user.slice/user-1000.slice/session-3.scope",
		...two(at, "max", 10 * MB),
		...two(dirname(at), 40 * MB, 24 * MB, 4 * MB),
		...two(dirname(dirname(at)), 50 * MB, 29 * MB),
	};
	assert.equal(free(files), 20 * MB);
	assert.equal(free({ ...files, [`${at}/memory.high`]: 13 * MB }), 3 * MB);
	assert.equal(free({ ...files, [`${at}/memory.max`]: 9 * MB }), 0); // more is taken than may be
});

test("the cache of files does not count as taken, in the process's own group either", () => {
	const files = {
		"proc/self/mountinfo": v2,
		"proc/self/cgroup": "0::/a",
		...two("sys/fs/cgroup/a", 40 * MB, 39 * MB, 30 * MB),
	};
	assert.equal(free(files), 31 * MB);
});

test("groups are found where they are mounted: beside each other, in containers, at names with blanks", () => {
	const hybrid = {
		"proc/self/mountinfo": `${v1}\n41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw`,
		"proc/self/cgroup": "4:memory:/a\n0::/b",
		...one("sys/fs/cgroup/memory/a", 30 * MB, 10 * MB),
		...two("sys/fs/cgroup/unified/b", 30 * MB, 11 * MB),
	};
	assert.equal(free(hybrid), 19 * MB);
	const bound = {
		"proc/self/mountinfo":
			"35 31 0:32 /docker/x /odd\\040place rw - cgroup cgroup rw,memory",
		"proc/self/cgroup": "4:memory:/docker/x/inner",
		...one("odd place/inner", none, 10 * MB),
		...one("odd place", 30 * MB, 12 * MB),
	};
	assert.equal(free(bound), 18 * MB);
	const above = {
		"proc/self/mountinfo": v2.replace(" / ", " /../.. "),
		"proc/self/cgroup": "0::/",
		...two("sys/fs/cgroup", 30 * MB, 13 * MB),
	};
	assert.equal(free(above), 17 * MB);
});

test("what Slurm gave the job counts, less what this process has; 0 means all", () => {
	const root = machine({});
	const rss = process.memoryUsage.rss();
	const near = (env: Record<string, string>, megabytes: number) => {
		const left = freeMemory(root, env);
		assert.ok(Math.abs(left - (megabytes * MB - rss)) < 50 * MB, `${left}`);
	};
	near({ SLURM_MEM_PER_NODE: "2000" }, 2000);
	near({ SLURM_MEM_PER_CPU: "500", SLURM_CPUS_ON_NODE: "3" }, 1500);
	near({ SLURM_MEM_PER_GPU: "800", SLURM_GPUS_ON_NODE: "2" }, 1600);
	near({ SLURM_MEM_PER_NODE: "2000", SLURM_CPUS_ON_NODE: "0" }, 2000);
	assert.equal(freeMemory(root, { SLURM_MEM_PER_NODE: "1" }), 0);
	for (const text of ["0", "", "all", "-5"])
		assert.ok(freeMemory(root, { SLURM_MEM_PER_NODE: text }) > 2000 * MB);
	assert.ok(freeMemory(root, { SLURM_MEM_PER_CPU: "500" }) > 2000 * MB);
});

test("limits on the address space and on data count, less what is taken of them", () => {
	const files = {
		"proc/self/limits": `Limit                     Soft Limit           Hard Limit           Units\nMax data size             ${60 * MB}   unlimited            bytes\nMax address space         ${90 * MB}             unlimited            bytes`,
		"proc/self/status": `VmPeak:\t99999999 kB\nVmSize:\t   ${50 * 1024} kB\nVmData:\t ${30 * 1024} kB`,
	};
	assert.equal(free(files), 30 * MB);
});

/** What a script says in a process that may take so many kilobytes of addresses more than it has at its start. */
function underLimit(module: string, script: string, kilobytes: number) {
	const load = `const found = require(${JSON.stringify(resolve(module))});`;
	const size = `/VmSize:\\s+(\\d+)/.exec(require("node:fs").readFileSync("/proc/self/status", "utf8"))[1]`;
	const run = (limit: number | string, code: string) =>
		spawnSync(
			"sh",
			[
				"-c",
				`ulimit -v ${limit}; exec "$0" --import tsx --eval "$1"`,
				process.execPath,
				`${load} ${code}`,
			],
			{ encoding: "utf8" },
		);
	const { stdout } = run("unlimited", `console.log(${size})`);
	return run(
		Number(stdout) + kilobytes,
		`try { ${script}; console.log("fits"); } catch (error) { console.log(error.message); }`,
	);
}

test("a process under ulimit -v is told how much is needed, before it is taken", () => {
	const { stdout, stderr } = underLimit(
		"src/sae/training/memory.ts",
		`
		const sizes = { architecture: "topk", d_sae: 20000, train_batch_size_tokens: 4096, engine: "onnx" };
		found.checkMemory([sizes], 2048, 1e12);
		found.checkMemory([sizes], 2048)`,
		1_500_000,
	);
	assert.match(
		stdout,
		/needs about [\d.]+ GB of memory .* and ([\d.]+ GB|\d+ MB) are free: lower d_sae to at most/,
		stderr,
	);
});
