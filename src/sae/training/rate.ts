import type { Architecture } from "../types";

/** Up to how many latents the auxiliary loss's architectures learn best at `fast`. */
const WIDTH = 1024;

/*
 * Measured on layer 5 of tiny-gpt2, 128 wide (`npm run rates`, bench/results/rates.md). Those with the auxiliary loss
 * leave a fifth less unexplained at 0.003 than at 0.001 with 512 and 1,024 latents, and a tenth less at 0.0015 with 2,048.
 * With 4,096 and 8,192 no rate was better than 0.001 at every budget. standard, gated and jumprelu keep their rates at every
 * width: another one is another L0 at the same λ.
 */
const slow = 0.001;
const fast = 0.003;

/**
 * The highest learning rate of an architecture with d_sae latents, where none is given: 0.003 · min(1, 1,024 / d_sae), but at
 * least 0.001, of topk, batchtopk and matryoshka; 0.001 of standard and gated; 0.003 of jumprelu, whose thresholds move by at
 * most the rate a step, in logarithms.
 */
export function defaultRate(architecture: Architecture, d_sae: number): number {
	if (architecture === "jumprelu") return fast;
	if (architecture === "standard" || architecture === "gated") return slow;
	return Math.max(slow, fast * Math.min(1, WIDTH / d_sae));
}
