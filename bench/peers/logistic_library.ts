/** ml-logistic-regression's side of bench/suites/probe.ts; it has no penalty, so that its value is no minimum. */
import { predictWithLibrary } from "../../src/probe/library";
import { madeRows, type RowSizes } from "../made-rows";
import { timed } from "../turns";
import { serve, settings, versionOf } from "./serve";

const name = "ml-logistic-regression";
const sizes = settings<RowSizes>();
const { x, y } = madeRows(sizes);
serve(
	{ [name]: versionOf(name) },
	timed(() => predictWithLibrary(x, y, sizes.classes, x)).run,
);
