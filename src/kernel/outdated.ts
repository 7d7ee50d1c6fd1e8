import { readdirSync, statSync } from "node:fs";
import { join, relative } from "node:path";

const root = join(__dirname, "../..");

/** What to say where the sources were changed after they were built; empty where they were not, or are not there. */
export function outdatedBuild(
	sources = join(root, "src"),
	built = join(root, "dist/index.js"),
): string {
	try {
		const time = statSync(built).mtimeMs;
		const names = readdirSync(sources, { recursive: true }) as string[];
		const newer = names.find(
			(name) =>
				name.endsWith(".ts") && statSync(join(sources, name)).mtimeMs > time,
		);
		if (!newer) return "";
		const file = relative(join(sources, ".."), join(sources, newer));
		return `The notebook runs what was built before ${file} changed: run "npm run build" in the project's folder, then restart the kernel.`;
	} catch {
		return "";
	}
}
