import { join } from "node:path";
import type { CompilerOptions } from "typescript";

/** A folder of types that cells see without an import: `prompt` and its like. */
const cellTypes = join(__dirname, "../../jupyter/types");

/** What the compiler of the cells does otherwise than tslab has it. */
export function ownOptions({
	typeRoots = [],
}: CompilerOptions): CompilerOptions {
	return {
		typeRoots: [...typeRoots, cellTypes],
		checkJs: false, // JavaScript beside the notebook is read for its types, and refused only where it is none
	};
}
