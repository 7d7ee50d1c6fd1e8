import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
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

const imports = (python: string, modules: string) =>
	spawnSync(python, ["-c", `import ${modules}`]).status === 0;

const pythons = [join(root, ".venv/bin/python"), "python3", "/usr/bin/python3"];

/** A Python with Jupyter, as kernel-setup.sh finds or makes it; undefined where there is none. */
export const python: string | undefined = pythons.find((name) =>
	imports(name, "jupyter_client, nbclient, nbconvert"),
);

const conformant = pythons.find((name) =>
	imports(name, "jupyter_client, jupyter_kernel_test"),
);

/** The Python that talks to the kernel in tests: one with jupyter_kernel_test where there is one, such as Debian's. */
export const clientPython: string | undefined = conformant ?? python;

/** The reason to skip a test that runs the kernel; false where it can run. */
export const noKernel: string | false = !python
	? "no Python with Jupyter was found; ./kernel-setup.sh --no-run sets it up"
	: !existsSync(join(root, "dist/kernel/main.js"))
		? "the kernel is not built; npm run build does it"
		: false;

/** Whether a Python has jupyter_kernel_test. */
export const hasConformanceChecks = conformant !== undefined;
