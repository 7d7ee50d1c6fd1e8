import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { test } from "node:test";
import { jupyterEnvironment, noKernel, python, root } from "../jupyter";

/** A notebook as it lies on disk. */
interface Notebook {
	cells: {
		cell_type: string;
		source: string | string[];
		execution_count?: number | null;
		outputs?: { output_type: string; data?: Record<string, unknown> }[];
	}[];
}

const nbconvert = (args: string[]) =>
	new Promise<{ ok: boolean; log: string }>((resolve) => {
		execFile(
			python as string,
			["-m", "nbconvert", "--log-level=WARN", ...args],
			{ env: jupyterEnvironment, cwd: root, maxBuffer: 1 << 26 },
			(error, stdout, stderr) =>
				resolve({ ok: !error, log: `${stdout}${stderr}` }),
		);
	});

/** The message of a failed execution from the failing cell on, without Python's own frames. */
function failure(log: string): string {
	const at = log.indexOf(
		"An error occurred while executing the following cell",
	);
	return at < 0 ? log : log.slice(at);
}

const folder = join(root, "notebooks");
for (const name of readdirSync(folder).filter((n) => n.endsWith(".ipynb"))) {
	test(`${name} runs from top to bottom`, { skip: noKernel }, async () => {
		mkdirSync(join(root, "out"), { recursive: true }); // notebooks leave their numbers there
		const out = mkdtempSync(join(tmpdir(), "sparselens-notebook-"));
		const run = await nbconvert([
			"--to=notebook",
			"--execute",
			"--ExecutePreprocessor.kernel_name=sparselens",
			"--ExecutePreprocessor.timeout=3600",
			`--output-dir=${out}`,
			join(folder, name),
		]);
		assert.ok(run.ok, failure(run.log));

		const file = join(out, basename(name));
		const { cells }: Notebook = JSON.parse(readFileSync(file, "utf8"));
		const code = cells.filter(
			({ cell_type, source }) =>
				cell_type === "code" && [source].flat().join("").trim(),
		);
		assert.deepEqual(
			code.map(({ execution_count }) => execution_count),
			code.map((_, i) => i + 1),
		);
		const outputs = code.flatMap(({ outputs }) => outputs ?? []);
		const charts = outputs.filter(
			({ data }) => data?.["application/vnd.vegalite.v5+json"],
		);
		const html = await nbconvert(["--to=html", `--output-dir=${out}`, file]);
		assert.ok(html.ok, html.log);
		const page = readFileSync(file.replace(/\.ipynb$/, ".html"), "utf8");
		assert.ok(
			page.split("data:image/png;base64,").length > charts.length,
			`${charts.length} charts, but fewer pictures in the HTML`,
		);
	});
}
