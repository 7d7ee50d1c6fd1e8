import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Run } from "../types";

/** The settings that the peer was started with. */
export function settings<T>(): T {
	return JSON.parse(process.argv[2]) as T;
}

/** Says the versions, then does the work once for each line that comes. */
export async function serve(
	versions: Record<string, string>,
	work: () => Promise<Run>,
): Promise<void> {
	process.on("SIGINT", () => undefined); // it ends with its standard input
	console.log(JSON.stringify(versions));
	for await (const _ of createInterface(process.stdin))
		console.log(JSON.stringify(await work()));
}

/** The version of an npm package that is installed here. */
export function versionOf(name: string): string {
	const folder = join(__dirname, "..", "..", "node_modules", name); // a package need not export this file
	return JSON.parse(readFileSync(join(folder, "package.json"), "utf8")).version;
}
