import { createRequire } from "node:module";
import { dirname, join } from "node:path";

// tslab compiles, checks, completes and inspects cells. It has no public interface for that: these are its own files,
// hence exactly version 1.0.22 in package.json.
const folder = dirname(require.resolve("tslab/package.json"));

/** Loads a file of tslab's, or a package that it depends on. */
export const tslabRequire = createRequire(join(folder, "dist/main.js"));
