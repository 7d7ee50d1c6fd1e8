import { format } from "node:util";
import { cut } from "../failure";
import type { DisplayMessage } from "../hook";

type Bundle = Pick<DisplayMessage, "data" | "metadata">;

/**
 * A value's own representations, where it has the method that Deno's kernel introduced; those of a result record, a
 * table or a chart; or text.
 */
export async function bundleOf(value: unknown): Promise<Bundle> {
	const display = (value as { [key: symbol]: unknown })?.[
		Symbol.for("Jupyter.display")
	];
	if (typeof display === "function") {
		return { data: await display.call(value) };
	}
	if (typeof value === "object") {
		// loaded when it is needed: most cells end in nothing or in a number
		const { displayOf } =
			require("../../notebook/display") as typeof import("../../notebook/display");
		const shown = await displayOf(value);
		if (shown) return shown;
	}
	return { data: { "text/plain": cut(format(value)) } };
}
