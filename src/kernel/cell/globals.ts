import type { KernelHook } from "../hook";

/** Gives the cells what jupyter/types/cells/index.d.ts declares. */
export function defineGlobals(hook: KernelHook): void {
	const { log } = console;
	Object.assign(globalThis, {
		prompt: (message = "", { password = false } = {}) =>
			hook.input(String(message), password),
		confirm: (message = "") => confirm(hook, String(message)),
	});
	Object.assign(console, {
		clear: () => hook.clear(),
		table: (data: unknown, columns?: readonly string[]) => {
			// loaded when it is needed
			const { consoleTable } =
				require("../../notebook/console-table") as typeof import("../../notebook/console-table");
			const shown = consoleTable(data, columns);
			if (!shown) return log(data);
			const { html, text } = shown;
			hook.publish({ data: { "text/html": html, "text/plain": text } });
		},
	});
}

async function confirm(hook: KernelHook, message: string): Promise<boolean> {
	const question = `${message.trimEnd()} [y/n] `.trimStart();
	for (let asked = question; ; asked = `Please answer y or n. ${question}`) {
		const answer = (await hook.input(asked)).trim().toLowerCase();
		if (answer === "y" || answer === "yes") return true;
		if (answer === "n" || answer === "no") return false;
	}
}
