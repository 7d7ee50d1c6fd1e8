import type { Architecture } from "../src/sae";
import { defaultRate } from "../src/sae/training/rate";

/** One training to measure. */
export interface RatePlan {
	architecture: Architecture;
	d_sae: number;
	training_tokens: number;
	train_batch_size_tokens: number;
	lr: number;
	seed: number;
}

export interface Measured extends RatePlan {
	/** Fraction of variance unexplained on the rows that were not trained on. */
	fvu: number;
	l0: number;
	/** Latents that never fire on those rows. */
	dead: number;
	/** Of the best latent for each class of the factors, where there are any. */
	f1?: number;
}

/** At the default budget and batch, and at smaller ones in batches of half the size. */
export const plans: RatePlan[] = [
	...grid(["topk", "batchtopk"], [1024], [1e-3, 3e-3], 2e6, [0, 1, 2]),
	...grid(["topk"], [1024], [2e-3], 2e6, [0]),
	...grid(["matryoshka"], [1024], [1e-3, 3e-3], 2e6, [0, 1]),
	...grid(["topk"], [512], [1e-3, 3e-3], 1e6, [0, 1, 2]),
	...grid(["topk"], [512], [5e-3], 1e6, [0]),
	...grid(["topk"], [1024], [1e-3, 2e-3, 3e-3, 4e-3], 1e6, [0]),
	...grid(["topk"], [2048], [1e-3, 1.5e-3], 1e6, [0, 1, 2]),
	...grid(["topk"], [2048], [2e-3, 3e-3], 1e6, [0]),
	...grid(["topk"], [4096], [0.75e-3, 1e-3], 1e6, [0, 1, 2]),
	...grid(["topk"], [4096], [0.5e-3], 1e6, [0]),
	...grid(["topk"], [8192], [0.375e-3, 0.75e-3, 1e-3], 1e6, [0]),
	...grid(["batchtopk"], [2048], [1e-3, 1.5e-3], 1e6, [0]),
	...grid(["batchtopk"], [4096], [0.75e-3, 1e-3], 1e6, [0]),
	...grid(["topk"], [2048], [1e-3, 1.5e-3], 2e6, [0]),
	...grid(["topk"], [4096], [0.75e-3, 1e-3], 2e6, [0]),
	...grid(["topk"], [1024], [1e-3, 3e-3], 5e5, [0]),
	...grid(["topk"], [2048], [1e-3, 1.5e-3], 5e5, [0]),
	...grid(["topk"], [4096], [0.75e-3, 1e-3], 5e5, [0]),
];

function grid(
	architectures: Architecture[],
	widths: number[],
	rates: number[],
	training_tokens: number,
	seeds: number[],
): RatePlan[] {
	const train_batch_size_tokens = training_tokens < 2e6 ? 512 : 1024;
	const budget = { training_tokens, train_batch_size_tokens };
	return architectures.flatMap((architecture) =>
		widths.flatMap((d_sae) =>
			seeds.flatMap((seed) =>
				rates.map((lr) => ({ architecture, d_sae, ...budget, lr, seed })),
			),
		),
	);
}

export function sameMeasurement(a: RatePlan, b: RatePlan): boolean {
	return (
		a.architecture === b.architecture &&
		a.d_sae === b.d_sae &&
		a.training_tokens === b.training_tokens &&
		a.train_batch_size_tokens === b.train_batch_size_tokens &&
		a.lr === b.lr &&
		a.seed === b.seed
	);
}

/** Whether two were trained alike but for the seed. */
function sameButSeed(a: RatePlan, b: RatePlan): boolean {
	return sameMeasurement({ ...a, seed: b.seed }, b);
}

/** Mean and half the range, times a thousand where asked for. */
function spread(values: number[], digits: number, times = 1): string {
	const mean = values.reduce((a, b) => a + b) / values.length;
	const half = (Math.max(...values) - Math.min(...values)) / 2;
	const text = (times * mean).toFixed(digits);
	return values.length < 2
		? text
		: `${text} ± ${(times * half).toFixed(digits)}`;
}

/** A row of the table for all seeds of each training. */
export function ratesTable(measured: readonly Measured[]): string {
	const first = measured.filter(
		(m, i) => measured.findIndex((other) => sameButSeed(m, other)) === i,
	);
	const order = (m: Measured) =>
		[m.architecture, m.d_sae, m.training_tokens, Math.round(1e6 * m.lr)]
			.map((part) => String(part).padStart(10))
			.join();
	first.sort((a, b) => (order(a) < order(b) ? -1 : 1));
	const lines = first.map((m) => {
		const own = measured.filter((other) => sameButSeed(m, other));
		const of = (name: "fvu" | "l0" | "dead", digits: number, times?: number) =>
			spread(
				own.map((o) => o[name]),
				digits,
				times,
			);
		const f1 = own.flatMap((o) => (o.f1 === undefined ? [] : [o.f1]));
		return [
			m.architecture,
			m.d_sae,
			m.training_tokens.toLocaleString("en-US"),
			m.train_batch_size_tokens,
			`${m.lr}${m.lr === defaultRate(m.architecture, m.d_sae) ? " (default)" : ""}`,
			own.length,
			of("fvu", 3, 1000),
			of("l0", 2),
			of("dead", 0),
			f1.length ? spread(f1, 3) : "",
		];
	});
	const head = [
		...["architecture", "d_sae", "rows", "batch", "lr"],
		...["seeds", "FVU × 1000", "L0", "dead", "F1"],
	];
	return [head, head.map(() => "---"), ...lines]
		.map((cells) => `| ${cells.join(" | ")} |`)
		.join("\n");
}

export function ratesPage(measured: readonly Measured[]): string {
	return `# Learning rates

Written by \`npm run rates\`. Layer 5 of tiny-gpt2 (blocks.5.hook_resid_post, 128 wide), trained on the 355,379 rows of the train split, measured on the test split. Options not named are the defaults: k 16, 5 % of the steps to warm up, 20 % to decay. FVU: fraction of variance unexplained. Dead: latents that fire on no row of the test split. F1: of the best latent for each class of the labels, mean over labels, of the seeds for which it was measured. ± is half the range over seeds.

${ratesTable(measured)}
`;
}
