export { type NeuronOptions, neurons } from "./neurons";
export type {
	FactorNeurons,
	NeuronAssociation,
	NeuronEffect,
	NeuronGroup,
	NeuronReport,
} from "./report";
export type { Answer } from "./zeroing";
