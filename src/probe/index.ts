export { type Interval, wilsonInterval } from "../intervals";
export {
	type Classifier,
	type LabelValue,
	type LogisticRegressionOptions,
	logisticRegression,
	predict,
	predictProba,
} from "./classifier";
export { type KSparseOptions, kSparseProbe } from "./k-sparse";
export {
	type LayerScore,
	type ProbeLayersOptions,
	probeLayers,
} from "./layers";
export { type ProbeNumberOptions, probeNumber } from "./number";
export type { ProbeOptions } from "./options";
export { probe } from "./probe";
export type {
	Calibration,
	KSparseResult,
	ProbeInput,
	ProbeResult,
	ProbeScore,
	ProbeSettings,
	RegressionResult,
	RegressionScore,
	TagsResult,
} from "./result";

export { type ProbeTagsOptions, probeTags } from "./tags";
export type { LabelledToken, TokenLabel } from "./tokens";
