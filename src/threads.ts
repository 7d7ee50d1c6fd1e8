import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";

/** What tells how many processors a process may use, besides the operating system's own answer. */
export interface Allowance {
	/** Processors that the process may run on (taskset, cpusets). Default: what Node.js says. */
	processors?: number;
	/** Default: the process's. */
	env?: Record<string, string | undefined>;
	/** Where /proc and /sys lie. Default: "/". */
	root?: string;
}

/**
 * How many threads may work at once: the least of the processors that the process may run on, the processor time that
 * its cgroups and those above allow (whole processors, at least 1), and SLURM_CPUS_PER_TASK. Everything with threads asks
 * here: sessions of ONNX Runtime, whose own default looks at the machine, and the kernels.
 */
export function allowedThreads({
	processors = availableParallelism(),
	env = process.env,
	root = "/",
}: Allowance = {}): number {
	const task = env.SLURM_CPUS_PER_TASK ?? "";
	const given = /^[1-9]\d*$/.test(task) ? Number(task) : processors;
	return Math.min(processors, given, quota(root));
}

/** Whole processors' time that the cgroups allow, at least 1; Infinity where there is no limit, and off Linux. */
function quota(root: string): number {
	let least = Number.POSITIVE_INFINITY;
	for (const line of (read(root, "proc/self/cgroup") ?? "").split("\n")) {
		const [, controllers, path] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? [];
		if (path === undefined) continue;
		const first = controllers !== "";
		if (first && !controllers.split(",").includes("cpu")) continue;
		const mounts = first ? [controllers, "cpu"] : ["", "unified"];
		const parts = path.split("/").filter(Boolean);
		for (let depth = parts.length; depth >= 0; depth--)
			for (const mount of mounts) {
				const folder = join("sys/fs/cgroup", mount, ...parts.slice(0, depth));
				least = Math.min(least, limit(root, folder, first));
			}
	}
	return Math.max(1, Math.floor(least));
}

/** How many processors' time one cgroup allows: `first` with the files of cgroup v1, otherwise of v2. */
function limit(root: string, folder: string, first: boolean): number {
	const [most, period] = first
		? [
				read(root, folder, "cpu.cfs_quota_us"),
				read(root, folder, "cpu.cfs_period_us"),
			]
		: (read(root, folder, "cpu.max") ?? "").split(" ");
	const share = Number(most) / Number(period);
	return share > 0 && Number.isFinite(share) ? share : Number.POSITIVE_INFINITY;
}

function read(...path: string[]): string | undefined {
	try {
		return readFileSync(join(...path), "utf8").trim();
	} catch {
		return undefined;
	}
}
