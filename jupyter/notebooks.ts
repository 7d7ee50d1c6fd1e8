// Re-executes the notebooks and writes them as web pages:  npm run notebooks -- [NAME …] [--no-run] [--help]
import { execFile } from "node:child_process";
import {
	existsSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	rmSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, relative } from "node:path";
import { writeFileAtomic } from "../src/files";
import { outdatedBuild } from "../src/kernel/outdated";
import { findPython, jupyterEnvironment, root } from "./environment";
import { type Notebook, normalise } from "./normalise";
import { entryOf, indexPage, notebookPage } from "./page";

const usage = `Usage: npm run notebooks -- [NAME …] [--no-run] [--help]

Executes the notebooks of notebooks/, each from top to bottom, and keeps their outputs, without times and other things
that change from run to run; then writes all of them as web pages to out/course/, with an index.html.
It ends at the first cell that fails, and that notebook stays as it was.

  NAME      executes only these, e.g. 03 or 03_sae_training
  --no-run  writes the pages of the notebooks as they are
  --help    shows this`;

/** The most that a notebook's file may hold, in bytes. */
const most = 1.5e6;

/** Something that the user can mend, in a sentence. */
class Refusal extends Error {}

/** A Python with Jupyter, and the kernel. Throws where there is none. */
function jupyter(): string {
	const python = findPython("jupyter_client, nbclient, nbconvert");
	if (!python)
		throw new Refusal(
			"No Python with Jupyter was found: ./kernel-setup.sh --no-run sets it up.",
		);
	if (!existsSync(join(root, "dist/kernel/main.js")))
		throw new Refusal("The kernel is not built: npm run build does it.");
	return python;
}

/** Runs nbconvert into a folder that is gone afterwards. Throws with what nbconvert says when it fails. */
async function nbconvert<T>(
	args: string[],
	take: (folder: string) => T,
): Promise<T> {
	const python = jupyter();
	const folder = mkdtempSync(join(tmpdir(), "sparselens-notebooks-"));
	// The notebooks speak of the bundled model.
	const env = { ...jupyterEnvironment, SPARSELENS_MODEL: "tiny-gpt2" };
	try {
		await new Promise<void>((resolve, reject) =>
			execFile(
				python,
				[
					"-m",
					"nbconvert",
					"--log-level=WARN",
					`--output-dir=${folder}`,
					...args,
				],
				{ env, cwd: root, maxBuffer: 1 << 28 },
				(error, _, log) =>
					error ? reject(new Refusal(failure(log))) : resolve(),
			),
		);
		return take(folder);
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
}

/** What nbconvert says of the cell that failed, without Python's own frames. */
function failure(log: string): string {
	const at = log.indexOf(
		"An error occurred while executing the following cell",
	);
	return (at < 0 ? log : log.slice(at)).trim();
}

function read(file: string): Notebook {
	try {
		const notebook = JSON.parse(readFileSync(file, "utf8")) as Notebook;
		if (!Array.isArray(notebook.cells)) throw new Error("it has no cells");
		return notebook;
	} catch (error) {
		throw new Refusal(`${file} is no notebook: ${(error as Error).message}.`);
	}
}

/**
 * Executes a notebook with the kernel and keeps its normalised outputs in its file. Resolves to whether the file is
 * another than before. When a cell fails, or the outputs are too large, throws, and the file is untouched.
 */
export async function execute(file: string): Promise<boolean> {
	const before = readFileSync(file, "utf8");
	const committed = read(file);
	const executed = await nbconvert(
		[
			"--to=notebook",
			"--execute",
			"--ExecutePreprocessor.kernel_name=sparselens",
			"--ExecutePreprocessor.timeout=3600",
			"--ExecutePreprocessor.record_timing=False",
			file,
		],
		(folder) => read(join(folder, basename(file))),
	);
	const after = normalise(committed, executed);
	const bytes = Buffer.byteLength(after);
	if (bytes > most)
		throw new Refusal(
			`${basename(file)} would have ${bytes.toLocaleString("en-US")} bytes, more than ${most.toLocaleString("en-US")}, and was left as it was: show fewer or smaller charts.`,
		);
	if (after === before) return false;
	writeFileAtomic(file, after);
	return true;
}

/** Writes notebooks as web pages, with an index, to a folder. */
export async function writePages(files: string[], out: string): Promise<void> {
	const names = files.map((file) => basename(file, ".ipynb"));
	const pages = await nbconvert(["--to=html", ...files], (folder) =>
		names.map((name) => readFileSync(join(folder, `${name}.html`), "utf8")),
	);
	for (const [i, html] of pages.entries())
		writeFileAtomic(join(out, `${names[i]}.html`), notebookPage(html, names));
	const entries = files.map((file, i) => entryOf(names[i], read(file)));
	writeFileAtomic(join(out, "index.html"), indexPage(entries));
}

/** The notebooks of a folder, in order. */
export function notebooksIn(folder: string): string[] {
	const names = readdirSync(folder).filter((name) => name.endsWith(".ipynb"));
	return names.sort().map((name) => join(folder, name));
}

/** Those notebooks that a name stands for: 03, 03_sae_training or notebooks/03_sae_training.ipynb. */
export function chosen(files: string[], names: string[]): string[] {
	if (names.length === 0) return files;
	const wanted = names.map((name) => {
		const short = basename(name, ".ipynb");
		const found = files.find((file) => {
			const whole = basename(file, ".ipynb");
			return whole === short || whole.startsWith(`${short}_`);
		});
		if (found) return found;
		const there = files.map((file) => basename(file, ".ipynb")).join(", ");
		throw new Refusal(
			`There is no notebook "${name.slice(0, 100)}": give one of ${there}.`,
		);
	});
	return files.filter((file) => wanted.includes(file));
}

async function main(args: string[]): Promise<void> {
	const unknown = args.find((arg) => /^-/.test(arg) && arg !== "--no-run");
	if (args.includes("--help") || args.includes("-h")) return console.log(usage);
	if (unknown)
		throw new Refusal(`${unknown} is not an option; --help lists them.`);
	const files = notebooksIn(join(root, "notebooks"));
	const run = chosen(
		files,
		args.filter((arg) => arg !== "--no-run"),
	);
	for (const file of args.includes("--no-run") ? [] : run) {
		const outdated = outdatedBuild(); // the kernel would say it in the notebook
		if (outdated) throw new Refusal(outdated);
		const began = performance.now();
		process.stdout.write(`${relative(root, file)} … `);
		const changed = await execute(file);
		const seconds = ((performance.now() - began) / 1000).toFixed(0);
		console.log(`${changed ? "changed" : "the same as before"}, ${seconds} s`);
	}
	const out = join(root, "out/course");
	await writePages(files, out);
	console.log(
		`Wrote ${files.length} pages; begin with ${relative(root, out)}/index.html.`,
	);
}

if (require.main === module)
	main(process.argv.slice(2)).catch((error) => {
		console.error(error instanceof Refusal ? `\n${error.message}` : error);
		process.exitCode = 1;
	});
