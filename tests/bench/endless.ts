/** A benchmark whose one row writes files without end, and its command line, for the test that breaks it off. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { bench } from "../../bench/bench";
import type { Suite } from "../../bench/types";

export const suite: Suite = {
	rows: [
		{
			name: "endless",
			async open(folder) {
				console.error(`writes to ${folder}`);
				let n = 0;
				setInterval(() => writeFileSync(join(folder, String(n++)), "x"), 1);
				return { ours: { run: () => new Promise(() => undefined) } };
			},
		},
	],
};

if (require.main === module)
	bench(process.argv.slice(2), { endless: __filename }).then((code) => {
		process.exitCode = code;
	});
