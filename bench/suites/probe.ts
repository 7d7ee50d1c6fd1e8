/**
 * Logistic regression beside scikit-learn with the same penalty, and beside ml-logistic-regression, which makes 300
 * steps without a penalty. "minimum" is the penalised loss that each ended at: less is better.
 */
import { logisticFitter } from "../../src/probe/logistic";
import {
	madeRows,
	minimumNote,
	type RowSizes,
	scikitLearn,
	sizesName,
} from "../made-rows";
import { startPeer } from "../peer";
import { timed } from "../turns";
import type { Row, Suite } from "../types";

const l2 = 1e-3;

function row(sizes: RowSizes, library = false): Row {
	const { classes } = sizes;
	const name = `logistic regression, ${sizesName(sizes)}, ${classes} classes`;
	return {
		name: library ? `${name}, npm` : name,
		rounds: library ? 1 : sizes.rows > 50_000 ? 2 : 5,
		async open(folder) {
			const { x, y } = madeRows(sizes);
			return {
				ours: timed(
					async () => {
						const fitter = await logisticFitter(x, y, classes, "none");
						return fitter.fit({ l2 }).finally(fitter.release);
					},
					({ objective }) => objective,
				),
				peer: library
					? await startPeer({
							name: "ml-logistic-regression",
							script: "logistic_library.ts",
							settings: sizes,
						})
					: await scikitLearn(folder, x, { l2, tolerance: 1e-4 }, y),
				note: minimumNote,
			};
		},
	};
}

const small = { rows: 2000, columns: 128, classes: 4 };

export const suite: Suite = {
	rows: [
		row(small),
		row({ rows: 4000, columns: 512, classes: 4 }),
		row({ rows: 4000, columns: 24_576, classes: 4, perRow: 32 }),
		row({ rows: 100_000, columns: 512, classes: 4 }),
		row({ rows: 100_000, columns: 24_576, classes: 4, perRow: 32 }),
		row(small, true),
	],
};
