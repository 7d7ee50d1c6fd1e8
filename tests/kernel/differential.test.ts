import assert from "node:assert/strict";
import { type ChildProcess, fork } from "node:child_process";
import { join } from "node:path";
import { after, test } from "node:test";
import { unmarked } from "../../src/kernel/names";
import { openNotebook } from "./notebook";
import { type ProgramCell, randomProgram } from "./programs";

const { installMachinery, show } = require("./machinery.js");

interface Outcome {
	outcome: string;
	trace: string[];
}

const count = Number(process.env.SPARSELENS_PROGRAMS ?? 200);
const first = Number(process.env.SPARSELENS_FIRST_PROGRAM ?? 0);
const notebook = openNotebook();
const repl: ChildProcess = fork(join(__dirname, "repl.js"), { execArgv: [] });
after(() => {
	notebook.close();
	repl.kill();
});

const { runCell, drain } = installMachinery();

/** A cell in the notebook. Where the compiler misses a name, the REPL is asked for it instead. */
async function inNotebook(cell: ProgramCell): Promise<string> {
	const ran = await notebook.run(cell.ts);
	if ("refused" in ran) {
		const [, name] =
			/^\d+:\d+ - (?:Cannot find name|No value exists in scope for the shorthand property) '(\w+)'/.exec(
				ran.refused.evalue,
			) ?? [];
		assert.ok(name, `${ran.refused.traceback.join("\n")}\n\n${cell.ts}`);
		return `missing: ${name}`;
	}
	if ("value" in ran) {
		const { value } = ran;
		const isObject = typeof value === "object" && value !== null;
		return `value: ${isObject ? "object" : show(value)}`;
	}
	return `thrown: ${show(ran.thrown)}`;
}

const plain = ({ outcome, trace }: Outcome): Outcome => ({
	outcome: unmarked(outcome),
	trace: trace.map(unmarked),
});

/** A program in the notebook and in the REPL; differences are failures. */
async function compare(seed: number): Promise<void> {
	const program = randomProgram(seed);
	notebook.compiler.reset();
	const ours: Outcome[] = [];
	for (const cell of program)
		ours.push(plain(await runCell(() => inNotebook(cell))));
	const rest = (await drain()).map(unmarked);

	const missing = ours.map(
		({ outcome }) => /^missing: (.*)/.exec(outcome)?.[1],
	);
	const answer = new Promise<{ outcomes: Outcome[]; rest: string[] }>(
		(resolve) => repl.once("message", (message) => resolve(message as never)),
	);
	repl.send(program.map(({ js }, i) => missing[i] ?? js));
	const theirs = await answer;
	for (const [i, { js, valued }] of program.entries()) {
		const name = missing[i];
		const expected = theirs.outcomes[i];
		const failed = !expected.outcome.startsWith("value");
		if (name)
			expected.outcome =
				expected.outcome === `thrown: ReferenceError: ${name} is not defined`
					? `missing: ${name}`
					: expected.outcome;
		else if (!valued && !failed && ours[i].outcome.startsWith("value"))
			expected.outcome = ours[i].outcome; // the REPL has values of other statements too
		const before = program.slice(0, i + 1).map((c) => c.js);
		assert.deepEqual(
			ours[i],
			expected,
			`program ${seed}, cell ${i + 1}:\n\n${before.join("\n\n---\n\n")}\n\n${js}`,
		);
	}
	assert.deepEqual(rest, theirs.rest, `program ${seed}, after its end`);
}

test(`${count} random programs, cut into cells, do what they do in V8's REPL`, async () => {
	for (let seed = first; seed < first + count; seed++) await compare(seed);
});
