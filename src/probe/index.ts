export { type LayerScore, probeLayers } from "./layers";
export { type ProbeOptions, probe } from "./probe";
export type { ProbeResult, ProbeScore } from "./result";
export { wilsonInterval } from "./score";
