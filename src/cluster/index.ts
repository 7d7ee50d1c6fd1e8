export { type ClusterOptions, cluster } from "./cluster";
export { adjustedRandIndex } from "./quality";
export type { Clustering } from "./result";
