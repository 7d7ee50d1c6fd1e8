/** Every tensor that an architecture can have; which ones it has, `ArchitectureRules` says. */
export const parameterNames = [
	"W_enc",
	"b_enc",
	"W_dec",
	"b_dec",
	"log_threshold",
	"b_gate",
	"b_mag",
	"r_mag",
] as const;
export type Parameter = (typeof parameterNames)[number];

/** The sizes that a trainee is made for. */
export interface TraineeShape {
	d_in: number;
	d_sae: number;
	batch: number;
}

/** ⌊d_in/2⌋, at least 1: how many dead latents help a row at most, and how many count as all of them. */
export function halfWidth(d_in: number): number {
	return Math.max(1, Math.floor(d_in / 2));
}

/** What the architectures' equations depend on; see `TrainOptions`. */
export interface TraineeSettings {
	k: number;
	aux_loss_coefficient: number;
	jumprelu_bandwidth: number;
	jumprelu_init_threshold: number;
	topk_threshold_lr: number;
	/** Increasing; the last is d_sae. */
	matryoshka_widths: readonly number[];
	decoder_init_norm: number;
	max_grad_norm: number;
	/** Threads of the sparse part and of Adam; what they compute does not depend on it. Default: one a core. */
	threads?: number;
}

/** One step to take. */
export interface StepPlan {
	/** The number of Adam's step, from 1. */
	t: number;
	/** The learning rate of this step. */
	lr: number;
	/** Weight λ of the sparsity term at this step; 0 where the architecture has none. */
	coefficient: number;
	/** The dead latents, ascending. */
	dead: Uint32Array;
}

/** What the loss of one step is made of; every number is a mean over the batch's rows. */
export interface StepLoss {
	/** Σ over dimensions of (x̂ − x)². */
	mse: number;
	/** The sparsity term, weighted by λ; 0 where there is none. */
	sparsity: number;
	/** The auxiliary losses, weighted; 0 where there are none. */
	aux: number;
	/** Latents that fire. */
	l0: number;
	/** Σ over latents of f·‖W_dec‖. */
	l1: number;
}

export interface StepResult extends StepLoss {
	/** 1 for latents that fired. Overwritten by the next step. */
	fired: Uint8Array; // [d_sae]
}

/** All that training changes. */
export interface TraineeState {
	/**
	 * Each parameter `p` with its moments `m_p` and `v_p`. W_enc is [d_sae, d_in] here and in all of training, so that
	 * a latent is a row of either matrix.
	 */
	tensors: Record<string, Float32Array>;
	/** E.g. the running threshold of batchtopk. */
	numbers: Record<string, number>;
}

/** An SAE in training, on whatever computes. It starts at zeros: `write` gives it its weights. */
export interface Trainee {
	/** How many steps one call can take: 1, but where a call is costly. */
	steps_per_call: number;
	/** Where the rows of the next steps go, normalised. */
	x: Float32Array; // [steps_per_call, batch, d_in]
	/** Takes as many steps as there are plans: gradients, clipping, Adam, constraint. A result for each. */
	step(plans: StepPlan[]): Promise<StepResult[]>;
	/** The state; the tensors may be views that the next step overwrites. */
	read(): Promise<TraineeState>;
	/** Sets what is given; the rest stays. */
	write(state: Partial<TraineeState>): Promise<void>;
	release(): Promise<void>;
}
