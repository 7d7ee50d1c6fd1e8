import type { Architecture } from "../types";

/** How the highest learning rate follows from the architecture and the number of latents, where none is given. */
interface Rate {
	/** Up to 1,024 latents. */
	lr: number;
	/** How fast it falls beyond them: lr · (1,024 / d_sae)^falls. */
	falls: number;
}

const WIDTH = 1024;

/*
 * Measured by `npm run rates` (bench/results/rates.md): layer 5 of tiny-gpt2, 128 wide. Those with the auxiliary loss learn
 * best from 0.003 with 1,024 latents; with 4,096 both 0.003 and 0.0015 were worse than 0.001 and left more latents dead. Widths
 * between and beyond follow the same line and were not measured. standard, gated and jumprelu keep
 * their rates at every width: another one is another L0 at the same λ.
 */
const fast: Rate = { lr: 0.003, falls: 1 };
const slow: Rate = { lr: 0.001, falls: 0 };
const rates: Record<Architecture, Rate> = {
	topk: fast,
	batchtopk: fast,
	matryoshka: fast,
	standard: slow,
	gated: slow,
	// A threshold moves by at most lr a step, in logarithms.
	jumprelu: { lr: 0.003, falls: 0 },
};

/** The learning rate of an architecture with d_sae latents, where none is given. */
export function defaultRate(architecture: Architecture, d_sae: number): number {
	const { lr, falls } = rates[architecture];
	return lr * Math.min(1, (WIDTH / d_sae) ** falls);
}
