export { agreement } from "./agreement";
export { type AttentionOptions, attention } from "./attention";
export { type Bar, bars } from "./bars";
export { clusters } from "./clusters";
export { confusion } from "./confusion";
export { density } from "./density";
export { type Direction, directions } from "./directions";
export { factorLatents } from "./factor-latents";
export { heads } from "./heads";
export { type LayerRow, layers } from "./layers";
export { logitLens } from "./logit-lens";
export { lossByCondition } from "./loss-by-condition";
export { neurons } from "./neurons";
export { norms } from "./norms";
export {
	type ParetoOptions,
	type ParetoPoint,
	pareto,
} from "./pareto";
export { probe } from "./probe";
export { type Point, type ScatterLine, scatter } from "./scatter";
export type { Chart } from "./theme";
export { training } from "./training";
