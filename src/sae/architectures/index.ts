import type {
	Parameter,
	Trainee,
	TraineeSettings,
	TraineeShape,
	TraineeState,
} from "../engine/trainee";
import type { Architecture, InferenceArchitecture, SaeWeights } from "../types";
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
	/** What the trained SAE computes. */
	saved_as: InferenceArchitecture;
	latents: TextbookLatents;
	loss: TextbookLoss;
	/** An SAE in training on the CPU, fast; its tensors are zeros. */
	open(shape: TraineeShape, settings: TraineeSettings): Promise<Trainee>;
	/** The weights of the trained SAE, copies in SAELens's layout. */
	weights(state: TraineeState, shape: TraineeShape): SaeWeights;
}

export const architectures = { standard, topk } as Record<
	Architecture,
	ArchitectureRules
>;
