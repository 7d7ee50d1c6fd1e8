import { readFileSync } from "node:fs";
import { freemem } from "node:os";
import { dirname, join } from "node:path";

/**
 * How much memory this process may still take, in bytes: the least that the machine, every control group above the
 * process (a container's, a Slurm job's, a systemd slice's), Slurm's promise to the job and the limits on the process
 * leave. Node alone sees the machine and the innermost group.
 * @param root where /proc and the groups are read
 */
export function freeMemory(
	root = "/",
	env: NodeJS.ProcessEnv = process.env,
): number {
	const groups = groupsLeft(root);
	// Node counts the cache of files as taken, of which the system gives back what is needed.
	const node = groups.some(Number.isFinite) ? [] : [process.availableMemory()];
	const all = [freemem(), ...node, ...groups, slurmLeft(env), limitsLeft(root)];
	return Math.max(0, Math.min(...all));
}

/** Of each group from the process's own upwards; Infinity for one without a limit. */
function groupsLeft(root: string): number[] {
	const mounts = read(join(root, "proc/self/mountinfo")).split("\n");
	return read(join(root, "proc/self/cgroup"))
		.split("\n")
		.flatMap((line) => {
			const [, controllers, path] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? [];
			if (path === undefined) return [];
			const version = controllers === "" ? 2 : 1;
			if (version === 1 && !controllers.split(",").includes("memory"))
				return [];
			return foldersOf(mounts, version, path).map((folder, i) =>
				groupLeft(join(root, folder), version, i > 0),
			);
		});
}

/** The folders of a group and of all above it, as far as they are mounted. */
function foldersOf(mounts: string[], version: 1 | 2, path: string): string[] {
	for (const line of mounts) {
		const [before, after = ""] = line.split(" - ");
		const [type, , options = ""] = after.split(" ");
		const isIt =
			version === 2
				? type === "cgroup2"
				: type === "cgroup" && options.split(",").includes("memory");
		if (!isIt) continue;
		const [, , , from = "/", point = ""] = before.split(" ").map(unescaped);
		const top = from.replace(/\/$/, "");
		// In a namespace of groups the mount may begin above the part that has names: then only its top is known.
		const within = `${path}/`.startsWith(`${top}/`) && !path.includes("/..");
		const folders = [join(point, within ? path.slice(top.length) : "")];
		for (;;) {
			const last = folders[folders.length - 1];
			if (last.length <= join(point, ".").length) return folders;
			folders.push(dirname(last));
		}
	}
	return [];
}

/** mountinfo writes blanks as \040. */
function unescaped(text: string): string {
	return text.replace(/\\(\d{3})/g, (_, code) =>
		String.fromCharCode(Number.parseInt(code, 8)),
	);
}

function groupLeft(folder: string, version: 1 | 2, above: boolean): number {
	const number = (name: string) => numberIn(read(join(folder, name)));
	const stat = read(join(folder, "memory.stat"));
	const field = (name: string) =>
		numberIn(new RegExp(`^${name} (\\d+)$`, "m").exec(stat)?.[1] ?? "");
	const left = (limit: number, used: number, cache: number) =>
		Number.isFinite(limit) && Number.isFinite(used)
			? limit - Math.max(0, used - (Number.isFinite(cache) ? cache : 0))
			: Infinity;
	if (version === 2)
		return left(
			Math.min(number("memory.max"), number("memory.high")),
			number("memory.current"),
			field("inactive_file"),
		);
	if (above && read(join(folder, "memory.use_hierarchy")).trim() === "0")
		return Infinity; // it limits its own processes only
	const limits = [number("memory.limit_in_bytes")];
	limits.push(field("hierarchical_memory_limit")); // also of groups that cannot be seen from here
	const used = number("memory.usage_in_bytes");
	return left(Math.min(...limits), used, field("total_inactive_file"));
}

/** What Slurm gave the job on this machine, which it need not enforce at once, less what this process has. */
function slurmLeft(env: NodeJS.ProcessEnv): number {
	const number = (name: string) => numberIn(env[name] ?? "") || Infinity; // 0 means all
	const given = Math.min(
		number("SLURM_MEM_PER_NODE"),
		number("SLURM_MEM_PER_CPU") * number("SLURM_CPUS_ON_NODE"),
		number("SLURM_MEM_PER_GPU") * number("SLURM_GPUS_ON_NODE"),
	);
	return given * 2 ** 20 - process.memoryUsage.rss();
}

/** What `ulimit -v` and `ulimit -d` leave. */
function limitsLeft(root: string): number {
	const limits = read(join(root, "proc/self/limits"));
	const status = read(join(root, "proc/self/status"));
	const left = (limit: string, used: string) => {
		const most = new RegExp(`^${limit} +(\\S+)`, "m").exec(limits)?.[1];
		const has = new RegExp(`^${used}:\\s+(\\d+) kB$`, "m").exec(status)?.[1];
		return numberIn(most ?? "") - 1024 * (has ? Number(has) : 0);
	};
	return Math.min(
		left("Max address space", "VmSize"),
		left("Max data size", "VmData"),
	);
}

/** Infinity for whatever is no number: "max", "unlimited", an empty or unreadable file. */
function numberIn(text: string): number {
	return /^\s*\d{1,20}\s*$/.test(text) ? Number(text) : Infinity;
}

function read(file: string): string {
	try {
		return readFileSync(file, "utf8");
	} catch {
		return ""; // another system, or not allowed
	}
}
