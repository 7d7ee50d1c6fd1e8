import assert from "node:assert/strict";
import { copyFileSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { type Browser, chromium } from "playwright-core";
import { noKernel, root } from "../jupyter";
import { type FrontEnd, frontEnds } from "./front-ends";
import {
	asking,
	counting,
	endless,
	printing,
	tour,
	writeNotebook,
} from "./made";
import { type NotebookPage, openNotebook } from "./notebook-page";
import {
	cellsIn,
	chartsOf,
	countsOf,
	errorsOf,
	printedBy,
	shownBy,
} from "./outputs";
import { type Server, startServer } from "./server";

const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
const installed = noKernel ? [] : frontEnds();
const skip =
	noKernel ||
	(!existsSync(executablePath)
		? `${executablePath} is not there; ./kernel-setup.sh --peers installs it on Debian, elsewhere name yours in CHROMIUM`
		: installed.length === 0
			? "neither JupyterLab 4 nor Notebook 6 was found; ./kernel-setup.sh --no-run installs one"
			: false);

/** Where pictures of what was seen are left, to be looked at. */
const pictures = join(root, "out/browser");

/** For a test that drives a page: far more than it takes, so that none runs for ever. */
const limit = { timeout: 300_000 };

let browser: Promise<Browser> | undefined;
after(async () => (await browser)?.close());

function launch(): Promise<Browser> {
	browser ??= chromium.launch({
		executablePath,
		args: [
			"--no-sandbox",
			"--disable-gpu",
			"--disable-dev-shm-usage",
			"--disable-background-networking",
			"--disable-component-update",
			"--disable-sync",
		],
	});
	return browser;
}

/** What `printing` prints. */
const thousands = [...Array(5000).keys()].map((i) => `line ${i}\n`).join("");

/** Writes into the last cell, which is empty, and puts the caret so many characters before the end. */
async function write(notebook: NotebookPage, text: string, before = 0) {
	await notebook.empty(-1);
	await notebook.edit(-1);
	await notebook.page.keyboard.insertText(text);
	for (let i = 0; i < before; i++)
		await notebook.page.keyboard.press("ArrowLeft");
}

function drives(frontEnd: FrontEnd) {
	let server: Server;
	const open = async (path: string) =>
		openNotebook(await launch(), frontEnd, server, path);
	const picture = (name: string) =>
		join(pictures, `${frontEnd.name.replaceAll(" ", "")}-${name}.png`);

	before(async () => {
		mkdirSync(pictures, { recursive: true });
		server = await startServer(frontEnd, `Ana's "first" notes`);
	});
	after(() => server?.stop());

	test("a notebook is run, written in and run again", limit, async (t) => {
		writeNotebook(server.folder, "tour.ipynb", tour);
		const notebook = await open("tour.ipynb");

		await t.test("its cells run, without an error or a warning", async () => {
			const cells = await notebook.runAll();
			assert.deepEqual(errorsOf(cells), []);
			assert.deepEqual(countsOf(cells), [1, 2, 3, 4, 5]);
			for (const cell of cells) assert.equal(printedBy(cell, "stderr"), "");
		});

		await t.test("every chart that was sent is drawn", async () => {
			const sent = chartsOf(await notebook.cells());
			assert.equal(sent.length, 2);
			assert.ok(sent.every(({ data }) => data?.["image/png"]));
			assert.equal(await notebook.drawn(sent.length), sent.length);
			await notebook.picture(picture("tour"));
		});

		await t.test("a hook's name is completed inside its string", async () => {
			await write(notebook, 'const a: lens.HookName = "blocks.5.hook_";', 2);
			await notebook.page.keyboard.press("Tab");
			const offered = await notebook.offered();
			await notebook.glimpse(picture("completion"));
			const names = ["resid_post", "resid_pre", "mlp_out"];
			for (const name of names)
				assert.ok(offered.includes(`blocks.5.hook_${name}`), offered.join(" "));
			const others = offered.filter((n) => !n.startsWith("blocks.5.hook_"));
			assert.deepEqual(others, []);
			await notebook.page.keyboard.press("Escape");
		});

		await t.test(
			"the only name that fits is written in its place",
			async () => {
				const line = (name: string) => `const a: lens.HookName = "${name}";`;
				await write(notebook, line("blocks.5.hook_resid_po"), 2);
				await notebook.page.keyboard.press("Tab");
				if (!frontEnd.takesTheOnly) {
					await notebook.offered();
					await notebook.page.keyboard.press("Enter");
				}
				await notebook.written(-1, line("blocks.5.hook_resid_post"));
			},
		);

		await t.test("Shift-Tab shows what trainSae takes and does", async () => {
			await write(notebook, "lens.trainSae");
			await notebook.page.keyboard.press("Shift+Tab");
			const text = await notebook.documentation();
			await notebook.glimpse(picture("documentation"));
			assert.match(text, /trainSae\(acts: Activations/);
			assert.match(text, /Promise<Sae>/);
			assert.match(text, /Trains a sparse autoencoder/);
			await notebook.page.keyboard.press("Escape");
			await notebook.empty(-1);
		});

		await t.test("a restart forgets all, and counts from 1 again", async () => {
			assert.equal(shownBy(await notebook.run(1)), "2");
			const cells = await notebook.restartAndRunAll();
			assert.deepEqual(errorsOf(cells), []);
			assert.deepEqual(countsOf(cells), [1, 2, 3, 4, 5]);
			assert.equal(shownBy(cells[1]), "1");
		});

		await notebook.close();
	});

	test(
		"a cell asks for lines, clears what it printed and shows tables",
		limit,
		async () => {
			writeNotebook(server.folder, "asking.ipynb", asking);
			const notebook = await open("asking.ipynb");
			await notebook.start(0);
			assert.match(await notebook.asked("Ada"), /name\?/);
			assert.match(await notebook.asked("perhaps"), /Go on\? \[y\/n\]/);
			assert.match(await notebook.asked("y"), /Please answer y or n/);
			assert.match(await notebook.asked("secret"), /word\?/);
			assert.equal(shownBy((await notebook.idle())[0]), "Ada,true,6");
			assert.equal(printedBy(await notebook.run(1)), "stays\n");
			assert.match(shownBy(await notebook.run(2)), /\(index\) +layer +hook/);
			assert.match(shownBy(await notebook.run(3)), /^Objects\n/);
			assert.deepEqual(await notebook.tables(), [
				["(index)", "layer", "hook", "ev", "note"],
				["(iteration index)", "Key", "Values"],
				["text", "n", "p", "shape"],
			]);
			await notebook.picture(picture("tables"));
			await notebook.theme("JupyterLab Dark");
			await notebook.picture(picture("tables-dark"));
			await notebook.start(4);
			await notebook.asked();
			await notebook.interrupt();
			const cells = await notebook.idle();
			assert.deepEqual(errorsOf(cells), [
				"Interrupted: the cell was interrupted",
			]);
			await write(notebook, "prompt(");
			await notebook.page.keyboard.press("Shift+Tab");
			assert.match(await notebook.documentation(), /Asks for a line of text/);
			await notebook.glimpse(picture("asking"));
			await notebook.close();
		},
	);

	test(
		"an interrupted training ends, and its cell goes on with it",
		limit,
		async () => {
			writeNotebook(server.folder, "endless.ipynb", endless);
			const notebook = await open("endless.ipynb");
			await notebook.run(0);
			await notebook.start(1);
			await notebook.printed(1, "trains");
			await notebook.interrupt();
			await notebook.printed(1, "went on");
			assert.deepEqual(errorsOf(await notebook.idle()), []);
			const looked = await notebook.run(2);
			assert.equal(shownBy(looked), "interrupted");
			assert.equal(looked.count, 3);
			await notebook.picture(picture("interrupted"));
			await notebook.close();
		},
	);

	test(
		"a page that is reloaded while a cell runs finds its kernel, with its variables",
		limit,
		async () => {
			writeNotebook(server.folder, "reloaded/counting.ipynb", counting);
			const notebook = await open("reloaded/counting.ipynb");
			await notebook.run(0);
			await notebook.start(1);
			await notebook.printed(1, "line 2");
			await notebook.reload();
			await notebook.start(2); // waits for the one that runs
			writeFileSync(join(server.folder, "reloaded/enough"), "");
			const [, , last] = await notebook.idle();
			assert.equal(shownBy(last), "true");
			assert.equal(last.count, 3);
			await notebook.close();
		},
	);

	test(
		"two notebooks open at once keep their variables and lines apart",
		limit,
		async () => {
			const path = (i: number) => `no ${i}/of "two".ipynb`;
			for (const i of [1, 2])
				writeNotebook(server.folder, path(i), printing(i));
			const both = await Promise.all([1, 2].map((i) => open(path(i))));
			const ran = await Promise.all(both.map((notebook) => notebook.runAll()));
			for (const [i, [, mine, lines]] of ran.entries()) {
				assert.equal(shownBy(mine), String(i + 1));
				assert.equal(printedBy(lines), thousands);
				await both[i].close();
			}
		},
	);

	test(
		"a committed notebook shows its charts without being run",
		limit,
		async () => {
			const file = join(root, "notebooks/01_extraction.ipynb");
			copyFileSync(file, join(server.folder, "01.ipynb"));
			const count = chartsOf(cellsIn(file)).length;
			assert.ok(count > 0);
			const notebook = await open("01.ipynb");
			assert.equal(await notebook.drawn(count), count);
			await notebook.picture(picture("committed"));
			await notebook.theme("JupyterLab Dark");
			await notebook.picture(picture("committed-dark"));
			await notebook.close();
		},
	);

	test(
		"no process outlives the server, not even a kernel that runs a cell",
		limit,
		async () => {
			writeNotebook(server.folder, "counting.ipynb", counting);
			const notebook = await open("counting.ipynb");
			await notebook.run(0);
			await notebook.start(1);
			await notebook.printed(1, "line 2");
			assert.ok(server.processes().length > 1);
			await notebook.page.close();
			await server.stop();
			assert.deepEqual(server.survivors(), []);
		},
	);
}

const title = "in a folder with spaces and quotes in its path";
if (skip) test(title, { skip }, () => {});
else
	describe(title, { concurrency: true }, () => {
		for (const frontEnd of installed)
			describe(frontEnd.name, { concurrency: 1 }, () => drives(frontEnd));
	});
