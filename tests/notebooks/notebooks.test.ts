import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { basename, join } from "node:path";
import { test } from "node:test";
import { normalise } from "../../jupyter/normalise";
import { jupyterEnvironment, noKernel, python, root } from "../jupyter";

/** A notebook as it lies on disk. */
interface Notebook {
	cells: {
		cell_type: string;
		metadata: Record<string, unknown>;
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

/** The code cells that hold something. */
function codeOf({ cells }: Notebook) {
	return cells.filter(
		({ cell_type, source }) =>
			cell_type === "code" && [source].flat().join("").trim(),
	);
}

const folder = join(root, "notebooks");
for (const name of readdirSync(folder).filter((n) => n.endsWith(".ipynb"))) {
	test(`${name} is short in every cell, and committed with its outputs as npm run notebooks writes them`, () => {
		const file = readFileSync(join(folder, name), "utf8");
		assert.ok(file.length < 1.5e6, `${file.length} characters`);
		const notebook = JSON.parse(file);
		assert.ok(
			normalise(notebook, notebook) === file,
			`npm run notebooks -- ${name} writes it in another form`,
		);
		const code = codeOf(notebook);
		for (const { source } of code) {
			const lines = [source].flat().join("").split("\n");
			assert.ok(lines.length <= 15, `${lines.length} lines: ${lines[0]}`);
		}
		const outputs = code.flatMap(({ outputs }) => outputs ?? []);
		assert.ok(outputs.length > 0);
		assert.deepEqual(
			code.map(({ execution_count }) => execution_count),
			code.map((_, i) => i + 1),
		);
		assert.ok(outputs.every(({ output_type }) => output_type !== "error"));
		const text = JSON.stringify(outputs);
		for (const path of [root, homedir(), tmpdir()])
			assert.ok(!text.includes(`${path}/`), `an output names ${path}`);
	});

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
		const code = codeOf(JSON.parse(readFileSync(file, "utf8")));
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
