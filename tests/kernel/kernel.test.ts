import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { test } from "node:test";
import {
	clientPython,
	hasConformanceChecks,
	jupyterEnvironment,
	noKernel,
} from "../jupyter";

interface Case {
	title: string;
	passed: boolean;
}

/** Runs a file of Python test cases and tells each case's outcome. */
async function runCases(
	module: string,
): Promise<{ cases: Case[]; output: string }> {
	const child = spawn(
		clientPython as string,
		["-m", "unittest", "-v", module],
		{
			cwd: __dirname,
			env: { ...jupyterEnvironment, PYTHONDONTWRITEBYTECODE: "1" },
		},
	);
	let output = "";
	child.stderr.on("data", (chunk) => {
		output += chunk;
	});
	child.stdout.resume();
	await new Promise((resolve) => child.on("close", resolve));
	const cases = [...output.matchAll(/^test_(\w+) \(.*?\) \.\.\. (.*)$/gm)].map(
		([, name, outcome]) => ({
			title: name.replaceAll("_", " "),
			passed: outcome === "ok",
		}),
	);
	return { cases, output };
}

for (const module of [
	"cells_test",
	"globals_test",
	"imports_test",
	"interrupts_test",
	"outputs_test",
	"protocol_test",
]) {
	test(`the kernel passes ${module}.py`, { skip: noKernel }, async (t) => {
		const { cases, output } = await runCases(module);
		assert.ok(cases.length > 0, output);
		for (const { title, passed } of cases) {
			await t.test(title, () => assert.ok(passed, output));
		}
		assert.match(output, /^OK/m);
	});
}

test("jupyter_kernel_test is there to be run", {
	skip: hasConformanceChecks
		? false
		: "no Python has jupyter_kernel_test; ./kernel-setup.sh --peers installs it on Debian",
}, () => {});
