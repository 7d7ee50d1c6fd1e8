// What the tests do inside a page of JupyterLab. The server runs with --LabApp.expose_app_in_browser=True.

window.driver = (() => {
	const app = () => window.jupyterapp;
	let panel;

	const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
	const code = () =>
		panel.content.widgets.filter(({ model }) => model.type === "code");

	return {
		/** Resolves when the notebook of this path is in front and its kernel is connected, busy or not. */
		async opened(path) {
			while (!app()) await sleep(50);
			await app().restored;
			const find = () =>
				[...app().shell.widgets("main")].find(
					(w) => w.context?.path === path && w.sessionContext,
				);
			while (!find()) await sleep(50);
			panel = find();
			app().shell.activateById(panel.id);
			app().shell.collapseLeft();
			await panel.revealed;
			await panel.sessionContext.ready;
			const kernel = () => panel.sessionContext.session?.kernel;
			while (kernel()?.connectionStatus !== "connected") await sleep(50);
			await kernel().info;
		},

		cells: () =>
			code().map(({ model, node }) => ({
				source: model.sharedModel.getSource(),
				count: model.executionCount ?? null,
				waits: node.querySelector(".jp-InputPrompt").textContent.includes("*"),
				outputs: model.outputs.toJSON(),
			})),

		idle: () => panel.sessionContext.session?.kernel?.status === "idle",

		// not awaited: a cell may run for ever
		runAll() {
			app().commands.execute("notebook:run-all-cells");
		},

		/** The caret at the end of a code cell, counted from 0; negative from the end. */
		edit(index) {
			const cell = code().at(index);
			panel.content.activeCellIndex = panel.content.widgets.indexOf(cell);
			panel.content.mode = "edit";
			const { editor } = cell;
			editor.focus();
			const last = editor.lineCount - 1;
			const column = editor.getLine(last).length;
			editor.setCursorPosition({ line: last, column });
		},

		empty(index) {
			code().at(index).model.sharedModel.setSource("");
		},

		shutDown: () => panel.sessionContext.shutdown(),

		theme: (name) =>
			app().commands.execute("apputils:change-theme", { theme: name }),

		height: () => {
			const outer =
				panel.content.node.querySelector(".jp-WindowedPanel-outer") ??
				panel.content.node;
			return outer.getBoundingClientRect().top + outer.scrollHeight + 40;
		},
	};
})();
