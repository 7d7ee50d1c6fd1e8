import { spawnSync } from "node:child_process";
import { delimiter, join, resolve } from "node:path";

/** The root of the project. */
export const root = resolve(__dirname, "..");

/** The environment in which Jupyter finds this checkout's kernel first. */
export const jupyterEnvironment: NodeJS.ProcessEnv = {
	...process.env,
	JUPYTER_PATH: [join(root, "jupyter"), process.env.JUPYTER_PATH]
		.filter(Boolean)
		.join(delimiter),
};

/** Where a Python may be found: the one that kernel-setup.sh makes first. */
export const pythons = [
	join(root, ".venv/bin/python"),
	"python3",
	"/usr/bin/python3",
];

/** The first Python, as kernel-setup.sh finds or makes it, that has some modules; undefined where there is none. */
export function findPython(modules: string): string | undefined {
	return pythons.find(
		(name) => spawnSync(name, ["-c", `import ${modules}`]).status === 0,
	);
}
