import { spawnSync } from "node:child_process";

const python = "/usr/bin/python3";

/** The reason to skip a test against scikit-learn; false where it is installed. */
export const noScikitLearn: string | false =
	spawnSync(python, ["-c", "import sklearn"]).status === 0
		? false
		: "scikit-learn (Debian's python3-sklearn) is not installed";

/** Runs a script with `given` as its variables; what it leaves in `result` comes back. */
export function scikitLearn<T>(script: string, given: object): T {
	const whole = [
		"import json, sys, warnings",
		"import numpy as np",
		'warnings.filterwarnings("ignore")',
		"globals().update(json.load(sys.stdin))",
		script,
		"json.dump(result, sys.stdout)",
	].join("\n");
	const { status, stdout, stderr } = spawnSync(python, ["-c", whole], {
		input: JSON.stringify(given),
		encoding: "utf8",
		maxBuffer: 1e8,
	});
	if (status !== 0) throw new Error(stderr);
	return JSON.parse(stdout) as T;
}
