export { assignSentences } from "./assign";
export { type ClusterOptions, cluster } from "./cluster";
export { type HowManyOptions, howManyClusters } from "./how-many";
export { clusterLatents, type LatentClusterOptions } from "./latents";
export { adjustedRandIndex } from "./quality";
export type {
	Agreement,
	ClusterAssignment,
	ClusterCounts,
	Clustering,
	ClusterSpace,
	KMeansSteps,
	LatentClustering,
	TokenClustering,
	UnitCounts,
} from "./result";
export { loadClustering, saveClustering } from "./save";
export { type KMeansStepsOptions, kMeansSteps } from "./steps";
export { clusterTokens, type TokenClusterOptions } from "./tokens";
