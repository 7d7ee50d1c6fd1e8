import { createScope } from "../../src/kernel/cell/scope";
import { type Compiler, createCompiler } from "../../src/kernel/compiler";
import type { Failure } from "../../src/kernel/failure";

/** What became of a cell: its value, what it threw, or why it was not compiled. */
export type Ran =
	| { value: unknown }
	| { thrown: unknown }
	| { refused: Failure };

/** A notebook without Jupyter: cells are compiled and run in this process. */
export interface Notebook {
	run(code: string): Promise<Ran>;
	compiler: Compiler;
	close(): void;
}

export function openNotebook(folder = process.cwd()): Notebook {
	const compiler = createCompiler();
	const scope = createScope(folder, () => undefined);
	let count = 0;
	return {
		compiler,
		close: compiler.close,
		run: async (code) => {
			const compiled = compiler.compile(code, `cell ${++count}`);
			if ("failure" in compiled) return { refused: compiled.failure };
			const cell = scope.open(compiled.code);
			try {
				const value = await cell.run();
				compiled.settle({ assigned: cell.end(false) });
				return { value };
			} catch (thrown) {
				const failure = { ename: "", evalue: "", traceback: [] };
				compiled.settle({ failure, assigned: cell.end(true) });
				return { thrown };
			}
		},
	};
}
