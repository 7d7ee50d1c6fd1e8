/** ml-kmeans' side of bench/suites/cluster.ts. */
import { kMeansWithLibrary } from "../../src/cluster/library";
import { madeRows, type RowSizes } from "../made-rows";
import { timed } from "../turns";
import { serve, settings, versionOf } from "./serve";

const sizes = settings<RowSizes>();
const { x } = madeRows(sizes);
serve(
	{ "ml-kmeans": versionOf("ml-kmeans") },
	timed(
		() => kMeansWithLibrary(x, { k: sizes.classes, seed: 0 }),
		({ inertia }) => inertia,
	).run,
);
