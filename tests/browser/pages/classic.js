// What the tests do inside a page of the classic Notebook 6.

window.driver = (() => {
	const notebook = () => window.Jupyter?.notebook;
	const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
	const code = () =>
		notebook()
			.get_cells()
			.filter(({ cell_type }) => cell_type === "code");

	let idle = false;

	return {
		/** Resolves when the notebook is there and its kernel is connected. */
		async opened() {
			const connected = () =>
				notebook()?._fully_loaded && notebook().kernel?.is_connected();
			while (!connected()) await sleep(50);
			notebook().set_autosave_interval(0);
			const { events } = notebook();
			events.on("kernel_busy.Kernel kernel_starting.Kernel", () => {
				idle = false;
			});
			events.on("kernel_idle.Kernel", () => {
				idle = true;
			});
			// Answered at once or, by a kernel that runs a cell, after that; what it said before we listened is not known.
			notebook().kernel.kernel_info(() => {
				idle = true;
			});
		},

		cells: () =>
			code().map((cell) => ({
				source: cell.get_text(),
				count: Number.isInteger(cell.input_prompt_number)
					? cell.input_prompt_number
					: null,
				waits: cell.input_prompt_number === "*",
				outputs: cell.output_area.toJSON(),
			})),

		idle: () => idle && notebook().kernel.is_connected(),

		runAll() {
			notebook().execute_all_cells();
		},

		edit(index) {
			const cell = code().at(index);
			notebook().select(notebook().find_cell_index(cell));
			notebook().edit_mode();
			const editor = cell.code_mirror;
			editor.focus();
			editor.setCursor(editor.lineCount(), 0);
			editor.execCommand("goDocEnd");
		},

		empty(index) {
			code().at(index).set_text("");
		},

		shutDown: () =>
			new Promise((resolve) => notebook().session.delete(resolve, resolve)),

		theme() {},

		height: () => {
			const site = document.querySelector("#site");
			return site.getBoundingClientRect().top + site.scrollHeight + 40;
		},
	};
})();
