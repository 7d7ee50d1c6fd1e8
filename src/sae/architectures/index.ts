import type {
	Parameter,
	Trainee,
	TraineeSettings,
	TraineeShape,
	TraineeState,
} from "../engine/trainee";
import type { Architecture, InferenceArchitecture, SaeWeights } from "../types";
import { batchtopk } from "./batchtopk";
import { gated } from "./gated";
import { jumprelu } from "./jumprelu";
import { matryoshka } from "./matryoshka";
import { standard } from "./standard";
import type { TextbookLatents, TextbookLoss } from "./textbook";
import { topk } from "./topk";

/** What makes an architecture; each has a file, which begins with its equations. */
export interface ArchitectureRules {
	/** Its tensors, in the order that they are walked through everywhere. */
	parameters: readonly Parameter[];
	/** Which coefficient weights its sparsity term; absent where it has none. */
	sparsity?: "l1_coefficient" | "l0_coefficient";
	/** Whether the rows of W_dec are kept at length 1. */
	unit_decoder: boolean;
	/** Whether it has the auxiliary loss that revives dead latents. */
	revives: boolean;
	/** The numbers besides tensors that training changes, as they are at the start. */
	numbers?: Readonly<Record<string, number>>;
	/** Moves them after a step, by the smallest of its latents above zero; not called where none is. */
	follow?(
		numbers: Record<string, number>,
		smallest: number,
		settings: Pick<TraineeSettings, "topk_threshold_lr">,
	): void;
	/** What the trained SAE computes. */
	saved_as: InferenceArchitecture;
	latents: TextbookLatents;
	loss: TextbookLoss;
	/** An SAE in training on the CPU, fast; its tensors are zeros. */
	open(shape: TraineeShape, settings: TraineeSettings): Promise<Trainee>;
	/** The weights of the trained SAE, copies in SAELens's layout. */
	weights(state: TraineeState, shape: TraineeShape): SaeWeights;
}

export const architectures: Record<Architecture, ArchitectureRules> = {
	standard,
	topk,
	batchtopk,
	jumprelu,
	gated,
	matryoshka,
};
