// The process that runs the cells; the kernel starts it (see ../process.ts) and is its only partner.
import { writeSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { failureOf } from "../failure";
import { type DisplayMessage, type KernelHook, kernelHookKey } from "../hook";
import { type Command, encodeReport, reportPipe } from "../messages";
import { unmarked } from "../names";
import { projectFor } from "../project";
import { tslabRequire } from "../tslab";
import { createAsking } from "./asking";
import { defineGlobals } from "./globals";
import { checkImports } from "./imports";
import { watchInterrupts } from "./interrupts";
import { createNamedOutputs } from "./named";
import { createOutputs } from "./outputs";
import { createRunner } from "./run";
import { createScope, type Scope } from "./scope";

// Written at once, and waiting while the kernel is behind: what was printed is not lost when this process ends.
const outputs = createOutputs((report, body) => {
	const bytes = encodeReport(report, unmarked(body));
	for (let at = 0; at < bytes.length; ) at += writeSync(reportPipe, bytes, at);
});

const asking = createAsking((wanted) => outputs.show("input", wanted));
const named = createNamedOutputs();

const hook: KernelHook = {
	publish: (message, update = false) => {
		const anew = named.shown(message, update);
		const content = { metadata: {}, transient: {}, ...message };
		if (update) outputs.show("update_display_data", content);
		if (!update || anew) outputs.show("display_data", content);
	},
	pending: (work) =>
		outputs.reserve(
			(work as Promise<DisplayMessage | undefined>).then((message) => {
				if (!message) return undefined;
				named.shown(message, false);
				return {
					type: "display_data",
					content: { metadata: {}, transient: {}, ...message },
				};
			}),
		),
	clear: (wait = false) => {
		named.cleared();
		outputs.show("clear_output", { wait });
	},
	input: async (prompt = "", password = false) => asking.ask(prompt, password),
};

/** tslab's module for cells, whose displays go through this kernel. */
function tslabModule(): unknown {
	tslabRequire("./jupyter.js").lastWriteDisplayData = hook.publish;
	return tslabRequire("..");
}

/** Prints what no code caught, without ending the process. */
function survive(what: string): (thrown: unknown) => void {
	return (thrown) =>
		console.error(`${what}: ${failureOf(thrown).traceback.join("\n")}`);
}

function main(): void {
	(globalThis as { [kernelHookKey]?: KernelHook })[kernelHookKey] = hook;
	defineGlobals(hook);

	const project = projectFor(process.cwd());
	const cells = createScope(process.cwd(), (name) => {
		if (name === "tslab") return tslabModule();
		return name === project?.name ? require(project.main) : undefined;
	});
	const packages = createRequire(join(process.cwd(), "cell.js"));
	const scope: Scope = {
		open: (code) => {
			const opened = cells.open(code);
			const run = async () => {
				checkImports(code.unchecked ?? [], packages);
				return opened.run();
			};
			return { ...opened, run };
		},
	};
	const counts = watchInterrupts((cell) => runner.interrupt(cell));
	const runner = createRunner(scope, outputs, counts);
	process.stdout.write = outputs.writer("stdout");
	process.stderr.write = outputs.writer("stderr");
	process.on("uncaughtException", survive("Uncaught exception"));
	process.on("unhandledRejection", survive("Unhandled rejection"));
	process.on("SIGINT", () => {}); // sent to the whole group: the kernel tells what it means
	process.exit = ((code?: number) => {
		throw new Error(
			`process.exit(${code ?? ""}) would end the process that holds the notebook's variables: throw an error to end the cell, or restart the kernel from the menu.`,
		);
	}) as typeof process.exit;

	process.on("message", async (command: Command) => {
		if (command.kind === "input") {
			asking.typed(command.value);
			return;
		}
		const { cell, code, takesInput } = command;
		asking.begin(takesInput);
		named.begin();
		const outcome = await runner.run(cell, code);
		asking.end();
		outputs.end(cell, outcome);
	});
}

main();
