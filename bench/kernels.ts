import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pythons, root } from "../jupyter/environment";
import { startPeer } from "./peer";
import { versionOf } from "./peers/serve";
import { median, medianMs, peakOf } from "./turns";
import type { Measured, Peer, Run } from "./types";

/** A Jupyter kernel to measure. */
export interface Kernel {
	name: string;
	language: "typescript" | "python";
	/** As in a kernelspec. */
	argv: string[];
	interrupt?: string;
	env?: Record<string, string>;
	versions: Record<string, string>;
}

/** One run, as peers/kernel.py prints it. */
export interface KernelRun extends Run {
	/** Why the work was not done; `ms` is then how long was waited. */
	failed?: string;
	/** What else was not as it should be. */
	remark?: string;
}

/** The kernels that are here; ours always is. */
export interface Kernels {
	/** A Python with jupyter_client. */
	python: string;
	ours: Kernel;
	/** Undefined where tslab is not installed. */
	tslab?: Kernel;
	/** Undefined where ipykernel is not installed. */
	ipykernel?: Kernel;
}

/** Finds the kernels. Throws where the project's own cannot be measured. */
export function findKernels(): Kernels {
	if (!existsSync(join(root, "dist/kernel/main.js")))
		throw new Error("The kernel is not built: npm run build does it.");
	const { python, ipykernel } = findPython();
	return {
		python,
		ours: ourKernel(),
		tslab: stockTslab(),
		ipykernel: ipykernel
			? {
					name: "ipykernel",
					language: "python",
					argv: [python, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
					versions: { ipykernel },
				}
			: undefined,
	};
}

/** One that has ipykernel too, where there is one. */
function findPython(): { python: string; ipykernel: string } {
	const code = `import jupyter_client, importlib.util as util, importlib.metadata as metadata
print(metadata.version("ipykernel") if util.find_spec("ipykernel") else "")`;
	const found = pythons.flatMap((python) => {
		const { status, stdout } = spawnSync(python, ["-c", code], {
			encoding: "utf8",
		});
		return status === 0 ? [{ python, ipykernel: stdout.trim() }] : [];
	});
	if (found.length === 0)
		throw new Error(
			"No Python with jupyter_client was found: ./kernel-setup.sh --no-run sets Jupyter up.",
		);
	return found.find(({ ipykernel }) => ipykernel) ?? found[0];
}

function ourKernel(): Kernel {
	const folder = join(root, "jupyter/kernels/sparselens");
	const spec = JSON.parse(readFileSync(join(folder, "kernel.json"), "utf8"));
	return {
		name: "ours",
		language: "typescript",
		argv: spec.argv.map((part: string) =>
			part === "node"
				? process.execPath
				: part.replace("{resource_dir}", folder),
		),
		interrupt: spec.interrupt_mode,
		env: spec.env,
		versions: {},
	};
}

/** As the kernelspec of "tslab install" starts it. */
function stockTslab(): Kernel | undefined {
	const bin = join(root, "node_modules/tslab/bin/tslab");
	if (!existsSync(bin)) return undefined;
	return {
		name: "stock tslab",
		language: "typescript",
		argv: [
			process.execPath,
			bin,
			"kernel",
			"--config-path",
			"{connection_file}",
		],
		versions: { tslab: versionOf("tslab") },
	};
}

/** A client of one kernel, which runs in notebooks/. `folder` takes the connection files. */
export async function openKernel(
	python: string,
	{ name, argv, versions, interrupt = "signal", env = {} }: Kernel,
	task: object,
	folder: string,
): Promise<Peer> {
	const cwd = join(root, "notebooks");
	const settings = { ...task, argv, interrupt, env, versions, cwd, folder };
	return (await startPeer({
		name,
		script: "kernel.py",
		python,
		settings,
	})) as Peer; // undefined only where a module that it needs is missing
}

/**
 * What the table says of each kernel: the time of the one beside, the words for the value, what went wrong, and the
 * memory of the others (ours has a column). Throws where ours failed.
 */
export function kernelNote(
	{ ours, peer, beside }: Measured,
	nameBeside: string,
	words?: (value: number, ms: number) => string,
): string {
	const [broken] = distinct(ours, "failed");
	if (broken) throw new Error(`the kernel did not do the work: ${broken}.`);
	const sides: [string, KernelRun[], ...string[]][] = [
		["ours", ours],
		...(peer ? [[peer.name, peer.runs] as [string, KernelRun[]]] : []),
		...(beside
			? [
					[nameBeside, beside, `${shown(medianMs(beside))} ms`] as [
						string,
						KernelRun[],
						string,
					],
				]
			: []),
	];
	return sides
		.map(([name, runs, ...time]) => {
			const failed = distinct(runs, "failed");
			const values = runs.flatMap(({ value }) => value ?? []);
			const peak = peakOf(runs);
			const said = [
				...(failed.length ? failed : time),
				...(words && values.length
					? [words(median(values), medianMs(runs))]
					: []),
				...distinct(runs, "remark"),
				...(peak && runs !== ours ? [`${Math.round(peak)} MB`] : []),
			];
			return said.length ? `${name}: ${said.join(", ")}` : "";
		})
		.filter((text) => text)
		.join("; ");
}

function distinct(runs: KernelRun[], key: "failed" | "remark"): string[] {
	return [...new Set(runs.flatMap((run) => run[key] ?? []))];
}

/** Three digits at most, more only of large numbers. */
export function shown(value: number): string {
	return value >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(3)));
}
