import { existsSync } from "node:fs";
import { join } from "node:path";
import { findPython, root } from "../jupyter/environment";

export { jupyterEnvironment, pythons, root } from "../jupyter/environment";

/** A Python with Jupyter; undefined where there is none. */
export const python = findPython("jupyter_client, nbclient, nbconvert");

const conformant = findPython("jupyter_client, jupyter_kernel_test");

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
