import { createRequire } from "node:module";
import { join, resolve } from "node:path";

const root = resolve(__dirname, "../..");
const { name } = require(join(root, "package.json")) as { name: string };

/**
 * What this kernel belongs to, for notebooks in a folder where its name leads nowhere; undefined where the folder has it
 * by itself, as the project's own folders do.
 */
export function projectFor(
	folder: string,
): { name: string; main: string } | undefined {
	try {
		createRequire(join(folder, "cell.js")).resolve(name);
		return undefined;
	} catch {
		return { name, main: join(root, "dist/index") };
	}
}
