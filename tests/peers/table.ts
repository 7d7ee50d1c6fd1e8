// `npm run peers`: runs the tests beside the peers, and puts what agreed with whom into the README.
import { spawnSync } from "node:child_process";
import {
	existsSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	rmSync,
	writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root } from "../jupyter";
import { ask, saeLens, transformerLens } from "./python";
import { type Agreement, largest, peerNames, recordVariable } from "./record";

const markers = /(<!-- peers -->\n)[\s\S]*?(<!-- end of peers -->)/;

/** The version of each peer by its name, as its environment has it. */
function versions(): Map<string, string> {
	const script = `
from importlib.metadata import version
result = [version(one) for one in distributions]
`;
	const found = new Map<string, string>();
	for (const [environment, peer] of Object.entries({
		"sae-lens": saeLens,
		"transformer-lens": transformerLens,
	})) {
		const here = Object.entries(peerNames).filter(
			([, [where]]) => where === environment,
		);
		const distributions = here.map(([, [, name]]) => name);
		const answer = ask<string[]>(peer, script, { distributions });
		here.forEach(([name], i) => void found.set(name, answer[i]));
	}
	return found;
}

function tableOf(lines: Agreement[]): string {
	const version = versions();
	const rows = largest(lines)
		.sort((a, b) => (a.what < b.what ? -1 : a.what > b.what ? 1 : 0))
		.map(({ what, beside, error }) => {
			const name = `${beside.replace(/ \d+$/, "")} ${version.get(beside)?.replace(/\+.*/, "")}`;
			const seen =
				typeof error === "string"
					? error
					: error === 0
						? "equal"
						: error
								.toExponential(0)
								.replace("e", " · 10^")
								.replace(/\^(\S+)/, "<sup>$1</sup>");
			return `| ${what} | ${name} | ${seen} |`;
		});
	return [
		"| what | beside | largest error seen |",
		"|---|---|---|",
		...rows,
		"",
	].join("\n");
}

for (const { skip } of [saeLens, transformerLens])
	if (skip !== false) {
		console.error(skip);
		process.exit(1);
	}
const folder = mkdtempSync(join(tmpdir(), "sparselens-agreements-"));
try {
	const file = join(folder, "lines.jsonl");
	const tests = readdirSync(__dirname)
		.filter((name) => name.endsWith(".test.ts"))
		.map((name) => join(__dirname, name));
	const { status } = spawnSync(
		process.execPath,
		["--import", "tsx", "--test", "--test-concurrency=1", ...tests],
		{
			cwd: root,
			stdio: "inherit",
			env: { ...process.env, [recordVariable]: file },
		},
	);
	const lines = existsSync(file)
		? readFileSync(file, "utf8").trim().split("\n")
		: [];
	const table = tableOf(lines.map((line) => JSON.parse(line) as Agreement));
	console.log(table);
	const readme = join(root, "README.md");
	const text = readFileSync(readme, "utf8");
	if (status === 0 && markers.test(text))
		writeFileSync(
			readme,
			text.replace(markers, (_, start, end) => `${start}${table}${end}`),
		);
	process.exitCode = status ?? 1;
} finally {
	rmSync(folder, { recursive: true });
}
