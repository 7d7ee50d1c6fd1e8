/**
 * The notebook kernel beside stock tslab and ipykernel. One client measures all three (peers/kernel.py): a time goes from
 * the request to the reply and, of cells, to idle as well. "peak MB" is the sum over the kernel's processes. Where a
 * kernel does not do the work, its time is how long was waited, and the note says so.
 */
import {
	findKernels,
	type Kernel,
	type Kernels,
	kernelNote,
	openKernel,
	shown,
} from "../kernels";
import type { Row, Suite } from "../types";

type Rival = "tslab" | "ipykernel";

interface KernelRow extends Pick<Row, "name" | "rounds" | "warm_up"> {
	/** A function of peers/kernel.py. */
	task: string;
	/** Whose time stands in the table, and whose in the note. */
	peer: Rival;
	beside?: Rival;
	/** What the task needs, and in TypeScript or in Python: "#" stands for a number that is never the same. */
	all?: object;
	typescript?: object;
	python?: object;
	/** What a run's value says, beside its ms. */
	words?(value: number, ms: number): string;
}

function row({ name, rounds, warm_up, ...wanted }: KernelRow): Row {
	const { task, peer, beside, words } = wanted;
	return {
		name,
		rounds,
		warm_up,
		async open(folder) {
			const kernels: Kernels = findKernels();
			const open = (kernel: Kernel) => {
				const own = { ...wanted.all, ...wanted[kernel.language] };
				return openKernel(kernels.python, kernel, { task, ...own }, folder);
			};
			const rival = (which?: Rival) => which && kernels[which];
			const [first, second] = [rival(peer), rival(beside)];
			return {
				ours: await open(kernels.ours),
				peer: first && {
					...(await open(first)),
					versions: { ...first.versions, ...second?.versions },
				},
				beside: second && (await open(second)),
				note: (measured) => kernelNote(measured, second?.name ?? "", words),
			};
		},
	};
}

const importLens = 'import * as lens from "sparselens";';
const useLens = `const model = await lens.loadModel("tiny-gpt2");
const acts = await lens.extract(model, ["A text.", "Another."], { hook_name: "blocks.5.hook_resid_post" });
acts.n_tokens`;

/** Cells that declare a variable, and show it. */
const declaring = {
	typescript: { declare: "const v# = { a: # };", kept: "v#.a" },
	python: { declare: "v# = {'a': #}", kept: "v#['a']" },
};

const busy = {
	typescript: "const end# = Date.now() + 3000;\nwhile (Date.now() < end#);",
	python: "import time\nend = time.time() + 3\nwhile time.time() < end: pass",
};

const firstMs = (value: number) => `the first ${shown(value)} ms`;

/** A question about code: in TypeScript about the project, in Python about its json. */
function question(
	name: string,
	task: string,
	typescript: [code: string, expect: string],
	python: [code: string, expect: string],
): Row {
	const [code, expect] = typescript;
	return row({
		name,
		task,
		peer: "ipykernel",
		beside: "tslab",
		typescript: { code, expect, setup: [importLens, useLens] },
		python: { code: python[0], expect: python[1], setup: ["import json"] },
		words: firstMs,
	});
}

function interrupt(
	name: string,
	typescript: string,
	python: string,
	rounds: number,
): Row {
	return row({
		name: `interrupt of ${name}`,
		task: "interrupt",
		rounds,
		peer: "ipykernel",
		beside: "tslab",
		all: { limit: 3 },
		typescript: { code: typescript, ...declaring.typescript },
		python: { code: python, ...declaring.python },
	});
}

export const suite: Suite = {
	prepare: findKernels,
	rows: [
		row({
			name: "start-up to first result",
			task: "start_up",
			rounds: 5,
			peer: "tslab",
			beside: "ipykernel",
		}),
		row({
			name: "trivial cell",
			task: "trivial_cells",
			peer: "ipykernel",
			beside: "tslab",
			words: (slowest) => `slowest ${shown(slowest)} ms`,
		}),
		row({
			name: "import of the project and first use",
			task: "first_use",
			rounds: 3,
			peer: "tslab",
			typescript: { cells: [importLens, useLens] },
			words: (first) => `the import ${shown(first)} ms`,
		}),
		row({
			name: "cell after 1,000 cells",
			task: "many_cells",
			warm_up: false,
			peer: "ipykernel",
			beside: "tslab",
			all: { count: 1000, seconds: 120 },
			typescript: { declare: declaring.typescript.declare },
			python: { declare: declaring.python.declare },
			words: (before, ms) =>
				`${shown(ms / before)} x the ${shown(before)} ms before`,
		}),
		row({
			name: "20,000 prints",
			task: "prints",
			rounds: 2,
			peer: "ipykernel",
			beside: "tslab",
			all: { limit: 3 },
			typescript: {
				code: 'for (let i = 0; i < 20_000; i++) console.log("line", i);',
			},
			python: { code: 'for i in range(20_000): print("line", i)' },
			words: (lines) => `${Math.round(lines)} lines`,
		}),
		question(
			"completion of a name",
			"complete",
			["lens.tra", "trainSae"],
			["json.du", "dumps"],
		),
		question(
			"completion of an option",
			"complete",
			["lens.trainSae(acts, { arch", "architecture"],
			["json.dumps({}, ind", "indent="],
		),
		question(
			"documentation",
			"inspect",
			["lens.trainSae", "trainSae"],
			["json.dumps", "Serialize"],
		),
		row({
			name: "completion while a cell runs",
			task: "complete_busy",
			rounds: 2,
			peer: "ipykernel",
			beside: "tslab",
			all: { seconds: 3 },
			typescript: {
				busy: busy.typescript,
				code: "lens.tra",
				expect: "trainSae",
				setup: [importLens],
			},
			python: {
				busy: busy.python,
				code: "json.du",
				expect: "dumps",
				setup: ["import json"],
			},
		}),
		interrupt("a busy loop", "while (true);", "while True: pass", 5),
		interrupt(
			"an await",
			"await new Promise((resolve) => setTimeout(resolve, 1e6));",
			"import asyncio\nawait asyncio.sleep(1000)",
			3,
		),
	],
};
