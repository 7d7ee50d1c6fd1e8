export { agreement } from "./agreement";
export { type AttentionOptions, attention } from "./attention";
export { type Bar, bars } from "./bars";
export { calibration } from "./calibration";
export { clusters } from "./clusters";
export { confusion } from "./confusion";
export { density } from "./density";
export { type Direction, directions } from "./directions";
export { enrichment } from "./enrichment";
export { factorLatents } from "./factor-latents";
export { heads } from "./heads";
export { howMany } from "./how-many";
export { kMeansSteps } from "./k-means-steps";
export { kSparse } from "./k-sparse";
export { latentMap } from "./latent-map";
export { type LayerRow, layers } from "./layers";
export { logitLens } from "./logit-lens";
export { lossByCondition } from "./loss-by-condition";
export { neurons } from "./neurons";
export { norms } from "./norms";
export { numberProbe } from "./number-probe";
export {
	type ParetoOptions,
	type ParetoPoint,
	pareto,
} from "./pareto";
export { probe } from "./probe";
export { type Point, type ScatterLine, scatter } from "./scatter";
export { selectivity } from "./selectivity";
export { type SentenceMapOptions, sentenceMap } from "./sentence-map";
export { tagsProbe } from "./tags-probe";
export type { Chart } from "./theme";
export { training } from "./training";
