import type { Browser, Page } from "playwright-core";
import type { FrontEnd } from "./front-ends";
import type { CodeCell } from "./outputs";
import type { Server } from "./server";

/** A notebook that is open in a browser. */
export interface NotebookPage {
	page: Page;
	cells(): Promise<CodeCell[]>;
	/** Runs every cell, and resolves when the last has ended or one has failed. */
	runAll(): Promise<CodeCell[]>;
	/** Presses the buttons that restart the kernel and run every cell; resolves when every cell has a count again. */
	restartAndRunAll(): Promise<CodeCell[]>;
	/** Puts the caret at the end of a code cell, counted from 0, negative from the end. */
	edit(cell: number): Promise<void>;
	/** Starts a code cell by Shift-Enter. */
	start(cell: number): Promise<void>;
	/** Runs a code cell and tells what became of it. */
	run(cell: number): Promise<CodeCell>;
	/** Resolves when a cell has printed this. */
	printed(cell: number, text: string): Promise<void>;
	/** Resolves when the text of a cell is this. */
	written(cell: number, text: string): Promise<void>;
	/** What stands before the box for a line of input, once a cell asks for one; types an answer, where there is one. */
	asked(answer?: string): Promise<string>;
	/** Presses the button with the square. */
	interrupt(): Promise<void>;
	/** Resolves when the kernel has nothing left to do. */
	idle(): Promise<CodeCell[]>;
	/** Removes the text of a code cell. */
	empty(cell: number): Promise<void>;
	/** What the completer's list offers, once it is there. */
	offered(): Promise<string[]>;
	/** What the box with documentation says, once it is there. */
	documentation(): Promise<string>;
	/** How many charts (or, where the front end draws none, pictures) there are, once at least so many are drawn. */
	drawn(count: number): Promise<number>;
	/** The heads of the tables that are shown. */
	tables(): Promise<string[][]>;
	/** Takes a picture of what is in sight. */
	glimpse(file: string): Promise<void>;
	/** Takes a picture of the whole notebook. */
	picture(file: string): Promise<void>;
	/** Reloads the page. */
	reload(): Promise<void>;
	theme(name: string): Promise<void>;
	/** Ends the kernel and closes the page. */
	close(): Promise<void>;
}

/** Milliseconds that anything on a page may take: far more than it does on a busy machine. */
const patience = 90_000;

/** Opens a notebook; its path starts at the server's folder. */
export async function openNotebook(
	browser: Browser,
	{ page: pathOf, script, on }: FrontEnd,
	server: Server,
	path: string,
): Promise<NotebookPage> {
	const page = await browser.newPage({
		viewport: { width: 1200, height: 900 },
	});
	page.setDefaultTimeout(patience);
	await page.addInitScript({ path: script });
	await page.goto(server.url(pathOf(path)));

	/** Calls a function of `window.driver`; one that takes too long fails, as everything on a page does. */
	const drive = async <T>(name: string, ...args: unknown[]): Promise<T> => {
		const call = `driver.${name}(${args.map((a) => JSON.stringify(a))})`;
		let timer: NodeJS.Timeout | undefined;
		const late = new Promise<never>((_, reject) => {
			const refuse = () => reject(new Error(`${call} took too long`));
			timer = setTimeout(refuse, patience);
		});
		const result = page.evaluate(call) as Promise<T>;
		return Promise.race([result, late]).finally(() => clearTimeout(timer));
	};
	const until = (condition: string) =>
		page.waitForFunction(condition, undefined, { polling: 100 });
	const cells = () => drive<CodeCell[]>("cells");
	const idle = async () => {
		await until("driver.idle() && driver.cells().every((c) => !c.waits)");
		return cells();
	};
	const edit = (cell: number) => drive<void>("edit", cell);
	const start = async (cell: number) => {
		const count = `driver.cells().at(${cell}).count`;
		const before = await page.evaluate(count);
		await edit(cell);
		await page.keyboard.press("Shift+Enter");
		await until(
			`driver.cells().at(${cell}).waits || ${count} !== ${JSON.stringify(before)}`,
		);
	};
	const opened = () => drive<void>("opened", path);
	await opened();

	return {
		page,
		cells,
		idle,
		edit,
		start,
		async runAll() {
			await drive("runAll");
			await until(
				"driver.cells().some((c) => c.outputs.some((o) => o.output_type === 'error')) || driver.cells().every((c) => c.count || !c.source.trim())",
			);
			return idle();
		},
		async restartAndRunAll() {
			await page.click(on.restartAndRunAll);
			await page.click(on.confirm);
			await until("driver.cells().some((c) => c.waits)");
			return idle();
		},
		async run(cell) {
			await start(cell);
			return (await idle()).at(cell) as CodeCell;
		},
		async printed(cell, text) {
			await until(
				`driver.cells().at(${cell}).outputs.flatMap((o) => o.text ?? []).join("").includes(${JSON.stringify(text)})`,
			);
		},
		async written(cell, text) {
			await until(
				`driver.cells().at(${cell}).source === ${JSON.stringify(text)}`,
			);
		},
		async asked(answer) {
			const box = page.locator(on.input).last();
			await box.waitFor();
			const before = await box.evaluate((e) => e.parentElement?.textContent);
			if (answer !== undefined) {
				const here = await box.elementHandle();
				await box.fill(answer);
				await box.press("Enter");
				await here?.waitForElementState("hidden");
			}
			return (before ?? "").trim();
		},
		interrupt: () => page.click(on.interrupt),
		empty: (cell) => drive("empty", cell),
		async offered() {
			const list = page.locator(on.offered);
			await list.first().waitFor({ state: "attached" });
			return list.allTextContents();
		},
		async documentation() {
			const box = page.locator(on.tooltip).filter({ hasText: /\S/ });
			await box.waitFor();
			return (await box.textContent()) ?? "";
		},
		async drawn(count) {
			const charts = `[...document.querySelectorAll(${JSON.stringify(on.chart)})]`;
			const whole = `${charts}.filter((e) => e.naturalWidth ?? e.clientWidth)`;
			await until(`${whole}.length >= ${count}`);
			return Number(await page.evaluate(`${charts}.length`));
		},
		tables: () =>
			page.evaluate(
				"[...document.querySelectorAll('.jp-OutputArea-output table, .output_html table')].map((t) => [...t.querySelectorAll('th')].map((th) => th.textContent))",
			),
		async glimpse(file) {
			await page.screenshot({ path: file });
		},
		async picture(file) {
			const height = Math.ceil(await drive<number>("height"));
			const size = page.viewportSize() ?? { width: 1200, height: 900 };
			await page.setViewportSize({
				...size,
				height: Math.min(Math.max(height, size.height), 8000),
			});
			await page.screenshot({ path: file });
			await page.setViewportSize(size);
		},
		async reload() {
			await page.reload();
			await opened();
		},
		theme: (name) => drive("theme", name),
		async close() {
			await drive("shutDown");
			await page.close();
		},
	};
}
