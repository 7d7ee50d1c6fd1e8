import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { saeLens } from "../peers/python";
import { temporaryFolder } from "../tiny";
import { habits } from "./habits";

type Reader = "csv" | "pandas" | "pyarrow";

/** What Python's readers made of the files of the table: by file and reader, the columns or an error. */
export interface Peers {
	versions: Record<Reader, string>;
	files: Record<string, Record<Reader, Record<string, string[]> | null>>;
}

const frozen = join(__dirname, "habits-peers.json");

/** As a Python with pandas and pyarrow reads them now; where there is none, as it did when this was written. */
export function peers(python = saeLens.python): Peers {
	const found = spawnSync(python, ["-c", "import pandas, pyarrow"]);
	return found.status === 0
		? live(python)
		: JSON.parse(readFileSync(frozen, "utf8"));
}

function live(python: string): Peers {
	const { folder, remove } = temporaryFolder();
	const given = habits.flatMap(({ name, end, bytes, peers }, i) => {
		if (!peers) return [];
		const path = join(folder, `${i}.${end}`);
		writeFileSync(path, bytes);
		return [[name, { path, ...peers }]];
	});
	const { status, stdout, stderr } = spawnSync(
		python,
		[join(__dirname, "habits_peers.py")],
		{ input: JSON.stringify(Object.fromEntries(given)), encoding: "utf8" },
	);
	remove();
	if (status !== 0) throw new Error(stderr);
	return JSON.parse(stdout);
}

// npx tsx tests/dataset/habits-peers.ts PYTHON writes the readings anew.
if (require.main === module)
	writeFileSync(
		frozen,
		`${JSON.stringify(live(process.argv[2]), null, "\t")}\n`,
	);
