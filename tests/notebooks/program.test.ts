import assert from "node:assert/strict";
import {
	existsSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	rmSync,
	writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import type { Notebook } from "../../jupyter/normalise";
import {
	chosen,
	execute,
	notebooksIn,
	writePages,
} from "../../jupyter/notebooks";
import { noKernel, root } from "../jupyter";

mkdirSync(join(root, "out"), { recursive: true });
/** Below the project, where cells find the package. */
const folder = mkdtempSync(join(root, "out", "test-notebooks-"));
after(() => rmSync(folder, { recursive: true, force: true }));

/** Writes a notebook of code cells. */
function write(name: string, cells: string[]): string {
	const file = join(folder, name);
	const code = {
		cell_type: "code",
		metadata: {},
		execution_count: null,
		outputs: [],
	};
	const title = {
		cell_type: "markdown",
		metadata: {},
		source: "# One & two\n\nShort. See [this](two.ipynb).",
	};
	const notebook = {
		cells: [title, ...cells.map((source) => ({ ...code, source }))],
		metadata: {},
		nbformat: 4,
		nbformat_minor: 5,
	};
	writeFileSync(file, JSON.stringify(notebook));
	return file;
}

const one = () =>
	write("one.ipynb", [
		'import * as lens from "sparselens";\nconst planted = lens.plantedDictionary({ n_tokens: 3000, d_in: 16, d_true: 32, active: 3 });',
		'const sae = await lens.trainSae(planted.acts, { architecture: "topk", d_sae: 32, k: 3, training_tokens: 20_000, train_batch_size_tokens: 100 });\nsae',
		'console.log("one");\nconsole.log("two");\nlens.show(lens.charts.training(sae.history));\n({ seconds: performance.now() / 1000 })',
	]);

test("a notebook that is executed twice is the same to the last byte, pictures included", {
	skip: noKernel,
}, async () => {
	const file = one();
	assert.equal(await execute(file), true);
	const first = readFileSync(file, "utf8");
	assert.equal(await execute(file), false);
	assert.equal(readFileSync(file, "utf8"), first);
	const { cells } = JSON.parse(first) as Notebook;
	const [, , training, last] = cells;
	assert.deepEqual(
		cells.map(({ execution_count }) => execution_count),
		[undefined, 1, 2, 3],
	);
	assert.match(JSON.stringify(training.outputs), /Sparse autoencoder for/);
	assert.doesNotMatch(JSON.stringify(training.outputs), /time \(s\)/);
	assert.deepEqual(last.outputs?.[0].text, ["one\n", "two\n"]);
	assert.ok(last.outputs?.[1].data?.["image/png"]);
	assert.match(JSON.stringify(last.outputs?.[2].data), /seconds: …/);
});

test("the first cell that fails ends it with its error, and the file stays as it was", {
	skip: noKernel,
}, async () => {
	const file = write("fails.ipynb", [
		"1 + 1",
		'throw new Error("the probe broke");',
		"2",
	]);
	const before = readFileSync(file, "utf8");
	await assert.rejects(execute(file), (error: Error) => {
		assert.match(
			error.message,
			/^An error occurred while executing the following cell/,
		);
		assert.match(error.message, /the probe broke/);
		return true;
	});
	assert.equal(readFileSync(file, "utf8"), before);
});

test("outputs that are too large are refused, and the file stays as it was", {
	skip: noKernel,
}, async () => {
	const file = write("large.ipynb", ['console.log("x".repeat(1_600_000))']);
	const before = readFileSync(file, "utf8");
	await assert.rejects(
		execute(file),
		/large\.ipynb would have 1,60\d,\d{3} bytes, more than 1,500,000/,
	);
	assert.equal(readFileSync(file, "utf8"), before);
});

test("each notebook is a page, listed in an index, and links between them lead to pages", {
	skip: noKernel,
}, async () => {
	const files = [one(), write("two.ipynb", ["1"])];
	const out = join(folder, "course");
	await writePages(files, out);
	assert.deepEqual(readdirSync(out).sort(), [
		"index.html",
		"one.html",
		"two.html",
	]);
	const index = readFileSync(join(out, "index.html"), "utf8");
	assert.match(
		index,
		/<a href="one\.html">One &amp; two<\/a><p>Short\. See this\.<\/p>/,
	);
	const page = readFileSync(join(out, "one.html"), "utf8");
	assert.match(page, /plantedDictionary/);
	assert.match(page, /href="two\.html"/);
});

test("names choose notebooks in their order; a name that is none is refused with those there are", () => {
	const files = ["a/00_quick.ipynb", "a/01_more.ipynb", "a/010_odd.ipynb"];
	assert.deepEqual(chosen(files, []), files);
	assert.deepEqual(
		chosen(files, ["01", "notebooks/00_quick.ipynb"]),
		files.slice(0, 2),
	);
	assert.throws(
		() => chosen(files, ["0"]),
		/There is no notebook "0": give one of 00_quick, 01_more, 010_odd\./,
	);
});

test("the notebooks of the project come in the order of their names", () => {
	const names = notebooksIn(join(root, "notebooks"));
	assert.deepEqual(names, [...names].sort());
	assert.ok(names.every((name) => existsSync(name)));
	assert.match(names[0], /00_quickstart\.ipynb$/);
});
