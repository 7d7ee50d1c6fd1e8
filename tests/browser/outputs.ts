import { readFileSync } from "node:fs";

/** One output as a notebook file has it. */
export interface Output {
	output_type: string;
	name?: string;
	text?: string | string[];
	ename?: string;
	evalue?: string;
	data?: Record<string, unknown>;
}

/** A code cell as the front end has it. */
export interface CodeCell {
	source: string;
	/** The number in its brackets; null before it has run. */
	count: number | null;
	/** Whether it runs or waits to: a star in its brackets. */
	waits: boolean;
	outputs: Output[];
}

type WithOutputs = Pick<CodeCell, "outputs">;

/** What went wrong in some cells. */
export const errorsOf = (cells: WithOutputs[]) =>
	cells
		.flatMap(({ outputs }) => outputs)
		.filter(({ output_type }) => output_type === "error")
		.map(({ ename, evalue }) => `${ename}: ${evalue}`);

/** The counts of those that hold something. */
export const countsOf = (cells: CodeCell[]) =>
	cells.filter(({ source }) => source.trim()).map(({ count }) => count);

/** What a cell has printed to stdout, or to stderr. */
export const printedBy = ({ outputs }: WithOutputs, stream = "stdout") =>
	outputs
		.filter(({ name }) => name === stream)
		.flatMap(({ text }) => text ?? [])
		.join("");

/** The first value that a cell has shown, as text. */
export const shownBy = ({ outputs }: WithOutputs) =>
	[outputs.find(({ data }) => data)?.data?.["text/plain"]].flat().join("");

/** The charts of some cells. */
export const chartsOf = (cells: WithOutputs[]) =>
	cells
		.flatMap(({ outputs }) => outputs)
		.filter(({ data }) => data?.["application/vnd.vegalite.v5+json"]);

/** The cells of a notebook file, those without outputs too. */
export function cellsIn(file: string): WithOutputs[] {
	const { cells } = JSON.parse(readFileSync(file, "utf8"));
	return cells.map(({ outputs = [] }: Partial<CodeCell>) => ({ outputs }));
}
