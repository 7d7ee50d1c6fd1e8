// The process that runs the cells; the kernel starts it (see ../process.ts) and is its only partner.
import { writeSync } from "node:fs";
import { failureOf } from "../failure";
import { type DisplayMessage, type KernelHook, kernelHookKey } from "../hook";
import { type Command, encodeReport, reportPipe } from "../messages";
import { unmarked } from "../names";
import { projectFor } from "../project";
import { tslabRequire } from "../tslab";
import { watchInterrupts } from "./interrupts";
import { createOutputs, type Outputs } from "./outputs";
import { createRunner } from "./run";
import { createScope } from "./scope";

/** What a cell may ask for: a line of input. */
interface Asking {
	takesInput: boolean;
	typed(value: string): void;
}

// Written at once, and waiting while the kernel is behind: what was printed is not lost when this process ends.
const outputs = createOutputs((report, body) => {
	const bytes = encodeReport(report, unmarked(body));
	for (let at = 0; at < bytes.length; ) at += writeSync(reportPipe, bytes, at);
});

function createHook(outputs: Outputs, asking: Asking): KernelHook {
	return {
		publish: ({ data, metadata = {}, transient = {} }, update = false) =>
			outputs.show(update ? "update_display_data" : "display_data", {
				data,
				metadata,
				transient,
			}),
		pending: (work) =>
			outputs.reserve(
				(work as Promise<DisplayMessage | undefined>).then((message) =>
					message
						? {
								type: "display_data",
								content: { metadata: {}, transient: {}, ...message },
							}
						: undefined,
				),
			),
		clear: (wait = false) => outputs.show("clear_output", { wait }),
		input: async (prompt = "", password = false) => {
			if (!asking.takesInput) {
				throw new Error(
					"A line of input was asked for, but this client takes none; run the notebook in Jupyter.",
				);
			}
			outputs.show("input", { prompt, password });
			return new Promise((resolve) => {
				asking.typed = resolve;
			});
		},
	};
}

/** tslab's module for cells, whose displays go through this kernel. */
function tslabModule(hook: KernelHook): unknown {
	tslabRequire("./jupyter.js").lastWriteDisplayData = hook.publish;
	return tslabRequire("..");
}

/** Prints what no code caught, without ending the process. */
function survive(what: string): (thrown: unknown) => void {
	return (thrown) =>
		console.error(`${what}: ${failureOf(thrown).traceback.join("\n")}`);
}

function main(): void {
	const asking: Asking = { takesInput: false, typed: () => {} };
	const hook = createHook(outputs, asking);
	(globalThis as { [kernelHookKey]?: KernelHook })[kernelHookKey] = hook;

	const project = projectFor(process.cwd());
	const scope = createScope(process.cwd(), (name) => {
		if (name === "tslab") return tslabModule(hook);
		return name === project?.name ? require(project.main) : undefined;
	});
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
		asking.takesInput = takesInput;
		const outcome = await runner.run(cell, code);
		outputs.end(cell, outcome);
	});
}

main();
