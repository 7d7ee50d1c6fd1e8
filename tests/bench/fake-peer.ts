/** A peer for the tests: its value is the number of threads that it was given, and it ends at the third run. */
import { serve, settings } from "../../bench/peers/serve";

const { threads } = settings<{ threads: number }>();
let runs = 0;
serve(
	{ kernels: process.env.OPENBLAS_CORETYPE ?? "chosen by the library" },
	async () => {
		if (++runs === 3) process.exit();
		return { ms: 10 * runs, value: threads };
	},
);
