export type { Absorption } from "./absorption";
export {
	type ClassLatents,
	type FactorLatents,
	type FactorLatentsOptions,
	type FactorSummary,
	factorLatents,
} from "./factor-latents";
export { type NeuronOptions, neurons } from "./neurons";
export type {
	FactorNeurons,
	NeuronAssociation,
	NeuronEffect,
	NeuronGroup,
	NeuronReport,
} from "./report";
export type { Answer } from "./zeroing";
