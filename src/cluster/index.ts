export { type ClusterOptions, cluster } from "./cluster";
export { type HowManyOptions, howManyClusters } from "./how-many";
export { clusterLatents, type LatentClusterOptions } from "./latents";
export { adjustedRandIndex } from "./quality";
export type {
	Agreement,
	ClusterCounts,
	Clustering,
	ClusterSpace,
	KMeansSteps,
	LatentClustering,
	TokenClustering,
} from "./result";
export { type KMeansStepsOptions, kMeansSteps } from "./steps";
export { clusterTokens, type TokenClusterOptions } from "./tokens";
