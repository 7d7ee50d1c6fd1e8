import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import ts from "typescript";
import * as lens from "../../src";
import type { Compiler } from "../../src/kernel/compiler";
import type { CellCode } from "../../src/kernel/messages";
import { root } from "../jupyter";

const readme = readFileSync(join(root, "README.md"), "utf8");
const blocks = [...readme.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(
	([, code]) => code,
);

/** The library, which is given less to do: every 60th of the bundled sentences, and a few steps of training. */
function smallLibrary(): object {
	const few = { training_tokens: 4096 };
	const loadSentences: typeof lens.loadSentences = async (source, options) =>
		lens.selectSentences(
			await lens.loadSentences(source, options),
			(i) => i % 60 === 0,
		);
	const trainSae: typeof lens.trainSae = (acts, config) =>
		lens.trainSae(acts, { ...config, ...few });
	const trainSweep: typeof lens.trainSweep = (acts, config, grid) =>
		lens.trainSweep(acts, { ...config, ...few }, grid);
	const howManyClusters: typeof lens.howManyClusters = (rows, options) =>
		lens.howManyClusters(rows, {
			ks: [2, 3],
			repeats: 2,
			...options,
		});
	return { ...lens, loadSentences, trainSae, trainSweep, howManyClusters };
}

describe("the blocks of the README, in their order as the cells of one notebook", () => {
	const folder = mkdtempSync(join(tmpdir(), "sparselens-readme-"));
	let compiler: Compiler;
	let run: (code: CellCode) => Promise<unknown>;

	before(() => {
		process.chdir(folder); // what they write goes there; the compiler looks from there
		const { createCompiler } =
			require("../../src/kernel/compiler") as typeof import("../../src/kernel/compiler");
		const { createScope } =
			require("../../src/kernel/cell/scope") as typeof import("../../src/kernel/cell/scope");
		const small = smallLibrary();
		const own = (name: string) => (name === "sparselens" ? small : undefined);
		const scope = createScope(folder, own);
		compiler = createCompiler();
		run = (code) => scope.open(code).run();
	});
	after(() => {
		compiler.close();
		process.chdir(root);
		rmSync(folder, { recursive: true });
	});

	test("there are such blocks", () => assert.ok(blocks.length >= 4));

	for (const [i, block] of blocks.entries())
		test(`block ${i + 1} passes the check and runs: ${block.trim().split("\n").at(-1)}`, async () => {
			const compiled = compiler.compile(block, `cell ${i + 1}`);
			if ("failure" in compiled)
				assert.fail(compiled.failure.traceback.join("\n"));
			await run(compiled.code);
			compiled.settle({ assigned: compiled.code.names });
		});
});

test("the first block passes the check as a script of its own, an .mts file", () => {
	const file = join(root, "readme-block.mts");
	const config = ts.readConfigFile(
		join(root, "tsconfig.json"),
		ts.sys.readFile,
	).config;
	const parsed = ts.parseJsonConfigFileContent(config, ts.sys, root);
	const options = { ...parsed.options, noUnusedLocals: false };
	const host = ts.createCompilerHost(options);
	const { getSourceFile, fileExists } = host;
	host.fileExists = (name) => name === file || fileExists(name);
	host.getSourceFile = (name, ...rest) =>
		name === file
			? ts.createSourceFile(file, blocks[0], rest[0])
			: getSourceFile(name, ...rest);
	const program = ts.createProgram([file], options, host);
	const found = ts.getPreEmitDiagnostics(program, program.getSourceFile(file));
	const said = found.map((one) =>
		ts.flattenDiagnosticMessageText(one.messageText, "\n"),
	);
	assert.deepEqual(said, []);
});
