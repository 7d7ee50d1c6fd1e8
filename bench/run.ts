/**
 * Measures suites side by side with the libraries that do the same work.
 *
 *     npm run bench -- <suite> [<suite> …] [--json] [--rows <text>] [--rounds <n>]
 *
 * Prints a table; with --json, one JSON object (`Report` in types.ts) on stdout and all else on stderr (npm's own two
 * lines go to stdout unless it is called as `npm run --silent bench`). --rows takes the rows whose name contains the
 * text, --rounds says how many timed runs each side makes.
 */
import { bench } from "./bench";
import { suites } from "./suites";

bench(process.argv.slice(2), suites).then((code) => {
	process.exitCode = code;
});
