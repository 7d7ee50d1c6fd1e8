export { expect, type Range } from "./expect";
export { highlight } from "./highlight";
export type { Html } from "./html";
export { inNotebook } from "./kernel";
export { liveTraining } from "./live";
export { notebookProgress } from "./progress";
export { displayOf, isRecord, type ResultRecord } from "./records";
export { show } from "./show";
export { type Cell, table } from "./table";
