export { type KSparseOptions, kSparseProbe } from "./k-sparse";
export {
	type LayerScore,
	type ProbeLayersOptions,
	probeLayers,
} from "./layers";
export { type ProbeOptions, probe } from "./probe";
export type {
	Calibration,
	Interval,
	KSparseResult,
	ProbeInput,
	ProbeResult,
	ProbeScore,
	ProbeSettings,
	RegressionResult,
	RegressionScore,
	TagsResult,
} from "./result";
export { wilsonInterval } from "./score";
