import { readFileSync } from "node:fs";
import { availableParallelism, cpus, release, totalmem, type } from "node:os";
import type { Report } from "./types";

/** What the measurements were made on. */
export function machine(): Report["machine"] {
	const name = /^PRETTY_NAME="?([^"\n]*)/m.exec(textOf("/etc/os-release"))?.[1];
	return {
		cpu: cpus()[0]?.model.trim() ?? "unknown",
		cores: availableParallelism(),
		memory_mb: Math.round(totalmem() / 1e6),
		os: [name, `${type()} ${release()} ${process.arch}`]
			.filter((part) => part)
			.join(", "),
	};
}

/** Of what our side runs on. */
export function ownVersions(): Record<string, string> {
	const { version } = require("onnxruntime-node/package.json");
	return { node: process.versions.node, onnxruntime: version };
}

/**
 * The most memory that this process has held, in 10⁶ bytes of RSS; null where the system does not say.
 * Not getrusage's ru_maxrss: a child's begins at what its parent held when it was started.
 */
export function peakMb(): number | null {
	const kib = /^VmHWM:\s*(\d+) kB/m.exec(textOf("/proc/self/status"))?.[1];
	return kib === undefined ? null : (Number(kib) * 1024) / 1e6;
}

function textOf(file: string): string {
	try {
		return readFileSync(file, "utf8");
	} catch {
		return "";
	}
}
