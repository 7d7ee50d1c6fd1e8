import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

const kernelspec = {
	display_name: "TypeScript (SparseLens)",
	language: "typescript",
	name: "sparselens",
};

/** Writes a notebook of code cells, none of them run. */
export function writeNotebook(folder: string, name: string, sources: string[]) {
	const cells = sources.map((source, i) => ({
		cell_type: "code",
		id: `cell-${i}`,
		metadata: {},
		source,
		execution_count: null,
		outputs: [],
	}));
	const file = join(folder, name);
	mkdirSync(dirname(file), { recursive: true });
	const notebook = {
		cells,
		metadata: { kernelspec },
		nbformat: 4,
		nbformat_minor: 5,
	};
	writeFileSync(file, JSON.stringify(notebook));
}

const planted =
	"const { acts } = lens.plantedDictionary({ n_tokens: 4000, d_in: 16, d_true: 32, active: 3 });";

/** Cells that use the project as a notebook does, in seconds. The last one is empty, to be written in. */
export const tour = [
	'import * as lens from "sparselens";',
	"const scope = globalThis as { runs?: number };\nscope.runs = (scope.runs ?? 0) + 1;\nscope.runs",
	'const model = await lens.loadModel("tiny-gpt2");\nmodel',
	`${planted}
const sae = await lens.trainSae(acts, {
	architecture: "topk",
	d_sae: 64,
	k: 3,
	training_tokens: 100_000,
	onRecord: lens.liveTraining(),
});
sae`,
	"lens.show(lens.charts.density(await sae.encode(acts)));",
	"",
];

/** A training that does not end by itself, and a cell to look at it. */
export const endless = [
	`import * as lens from "sparselens";\n${planted}`,
	`const sae = await lens.trainSae(acts, {
	architecture: "topk",
	d_sae: 64,
	k: 3,
	training_tokens: 2e8,
	onRecord: () => console.log("trains"),
});
console.log("went on");`,
	"sae.stopped",
];

/** A variable of a notebook's own, and much that is printed. */
export const printing = (mine: number) => [
	`const mine = ${mine};`,
	`mine`,
	'for (let i = 0; i < 5000; i++) console.log("line", i);',
];

/** Prints until a file named `enough` lies beside the notebook. */
export const counting = [
	'import { existsSync } from "node:fs";\nlet lines = 0;',
	`while (!existsSync("enough")) {
	console.log("line", lines++);
	await new Promise((resolve) => setTimeout(resolve, 100));
}`,
	"lines > 2",
];

/** Questions, cleared text, tables, and a question that nobody answers. */
export const asking = [
	'const name = await prompt("name? ");\nconst sure = await confirm("Go on?");\nconst word = await prompt("word? ", { password: true });\n[name, sure, word.length].join();',
	'console.log("gone");\nconsole.clear();\nconsole.log("stays");',
	'console.table([{ layer: 0, hook: "resid_pre", ev: 0.91 }, { layer: 11, note: "<b>no tag</b>" }]);\nconsole.table(new Map([["a", 1], ["b", 2]]));',
	'import * as lens from "sparselens";\nlens.table([{ text: "Paul waits", n: 1234, p: 0.5 }, { n: 5, shape: { rows: [1, 2] }, text: "<i>no tag</i>" }], { caption: "Objects" })',
	'await prompt("waits? ");',
	"",
];
