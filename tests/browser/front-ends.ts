import { spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { pythons } from "../jupyter";

/** A program that shows notebooks in a browser, and where things are on its page. */
export interface FrontEnd {
	name: string;
	/** The Python that has it. */
	python: string;
	/** What `python -m` is given, with a folder to show and a token. */
	args(folder: string, token: string): string[];
	/** The path of the page that shows a notebook. */
	page(notebook: string): string;
	/** The script with `window.driver`. */
	script: string;
	/** Whether the completer writes out the only candidate; otherwise it is offered, and Enter takes it. */
	takesTheOnly: boolean;
	/** CSS selectors. */
	on: {
		interrupt: string;
		restartAndRunAll: string;
		/** The button that confirms it. */
		confirm: string;
		/** One offered completion. */
		offered: string;
		/** The box with documentation. */
		tooltip: string;
		/** The box for a line of input that a cell asks for. */
		input: string;
		/** A chart that is drawn or, where there are none, its picture. */
		chart: string;
	};
}

/** The path of a file as a URL has it. */
const encoded = (path: string) =>
	path.split("/").map(encodeURIComponent).join("/");

/** For a test that runs as root too; offline, and without a word on news or updates. */
const common = ["--no-browser", "--allow-root", "--ip=127.0.0.1"];

const lab = (python: string): FrontEnd => ({
	name: "JupyterLab",
	python,
	args: (folder, token) => [
		"jupyterlab",
		...common,
		`--ServerApp.root_dir=${folder}`,
		`--IdentityProvider.token=${token}`,
		"--LabApp.expose_app_in_browser=True",
		"--LabApp.extension_manager=readonly",
	],
	// a workspace of its own: no tabs of other pages
	page: (notebook) =>
		`/lab/workspaces/${randomUUID()}/tree/${encoded(notebook)}`,
	script: join(__dirname, "pages/lab.js"),
	takesTheOnly: false,
	on: {
		interrupt: '[data-command="notebook:interrupt-kernel"]',
		restartAndRunAll: '[data-command="notebook:restart-run-all"]',
		confirm: ".jp-Dialog .jp-mod-accept",
		offered: ".jp-Completer:visible .jp-Completer-match",
		tooltip: ".jp-Tooltip",
		input: "input.jp-Stdin-input",
		chart: ".jp-OutputArea-output :is(canvas.marks, svg.marks)",
	},
});

const classic = (python: string): FrontEnd => ({
	name: "Notebook 6",
	python,
	args: (folder, token) => [
		"notebook",
		...common,
		`--NotebookApp.notebook_dir=${folder}`,
		`--NotebookApp.token=${token}`,
	],
	page: (notebook) => `/notebooks/${encoded(notebook)}`,
	script: join(__dirname, "pages/classic.js"),
	takesTheOnly: true,
	on: {
		interrupt: '[data-jupyter-action="jupyter-notebook:interrupt-kernel"]',
		restartAndRunAll:
			'[data-jupyter-action="jupyter-notebook:confirm-restart-kernel-and-run-all-cells"]',
		confirm: ".modal-dialog .btn-danger",
		offered: "#complete option",
		tooltip: "#tooltip .tooltiptext",
		input: "input.raw_input",
		chart: ".output_png img",
	},
});

/** The major version of a Jupyter program; undefined where this Python itself does not have it. */
function version(python: string, module: string): number | undefined {
	const { status, stdout } = spawnSync(python, ["-m", module, "--version"], {
		encoding: "utf8",
	});
	return status === 0 ? Number.parseInt(stdout, 10) : undefined;
}

/** Every front end that is installed, at most one of each kind; those of SPARSELENS_PYTHON alone where it is set. */
export function frontEnds(): FrontEnd[] {
	const forced = process.env.SPARSELENS_PYTHON;
	const found = new Map<string, FrontEnd>();
	for (const python of forced ? [forced] : pythons) {
		const candidates = [
			(version(python, "jupyterlab") ?? 0) >= 4 ? lab(python) : undefined,
			version(python, "notebook") === 6 ? classic(python) : undefined,
		];
		for (const candidate of candidates)
			if (candidate && !found.has(candidate.name))
				found.set(candidate.name, candidate);
	}
	return [...found.values()];
}
