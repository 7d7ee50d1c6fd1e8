import { existsSync } from "node:fs";
import { join, resolve } from "node:path";

/** The folder of real models, texts and reference values, beside the checkout; read in place. */
const folder = resolve(__dirname, "../../shared/fixtures");

/** The path of a fixture, or undefined where the fixtures are absent. */
export function fixture(name: string): string | undefined {
	const path = join(folder, name);
	return existsSync(path) ? path : undefined;
}

/** The reason to skip a test that needs a fixture; false where it is there. */
export function absent(name: string): string | false {
	return fixture(name)
		? false
		: `the fixture ${name} is not beside the checkout`;
}
