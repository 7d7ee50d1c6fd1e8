import type { Architecture } from "../src/sae";
import { defaultRate } from "../src/sae/training/rate";

/** One training to measure. */
export interface RatePlan {
	architecture: Architecture;
	/** 128: the bundled model's activations; 768: a planted dictionary. */
	d_in: 128 | 768;
	d_sae: number;
	training_tokens: number;
	lr: number;
	seed: number;
	b_dec_init_method?: "geometric_median" | "mean" | "zeros";
	l1_coefficient?: number;
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

/** In the order of what decides most. */
export const plans: RatePlan[] = [
	...grid(["topk"], [1024], [1e-3, 2e-3, 3e-3], 2e6, [0]),
	...grid(["topk"], [2048], [1e-3, 1.5e-3], 1e6, [0]),
	...grid(["topk"], [4096], [0.75e-3, 1e-3], 5e5, [0]),
	...grid(["batchtopk"], [1024], [1e-3, 3e-3], 2e6, [0]),
	...grid(["topk"], [512], [1e-3, 3e-3], 1e6, [0]),
	...grid(["matryoshka"], [1024], [1e-3, 3e-3], 1e6, [0]),
	...grid(["topk"], [1024], [1e-3, 3e-3], 2e6, [1]),
	...grid(["batchtopk"], [2048], [1e-3, 1.5e-3], 1e6, [0]),
	...grid(["topk"], [2048], [2e-3], 1e6, [0]),
	...grid(["batchtopk"], [1024], [1e-3, 3e-3], 2e6, [1]),
	...grid(["topk"], [1024], [1e-3, 3e-3], 5e5, [0]),
	...grid(["matryoshka"], [2048], [1e-3, 1.5e-3], 1e6, [0]),
	...grid(["batchtopk", "matryoshka"], [512], [1e-3, 3e-3], 1e6, [0]),
	...grid(["topk"], [4096], [0.75e-3, 1e-3], 1e6, [0]),
	...grid(["topk", "batchtopk"], [1024], [1e-3, 3e-3], 2e6, [2]),
	...grid(["topk"], [8192], [0.375e-3, 1e-3], 5e5, [0]),
];

function grid(
	architectures: Architecture[],
	widths: number[],
	rates: number[],
	training_tokens: number,
	seeds: number[],
): RatePlan[] {
	return architectures.flatMap((architecture) =>
		widths.flatMap((d_sae) =>
			seeds.flatMap((seed) =>
				rates.map((lr) => ({
					architecture,
					d_in: 128,
					d_sae,
					training_tokens,
					lr,
					seed,
				})),
			),
		),
	);
}

export function sameMeasurement(a: RatePlan, b: RatePlan): boolean {
	return (
		a.architecture === b.architecture &&
		a.d_in === b.d_in &&
		a.d_sae === b.d_sae &&
		a.training_tokens === b.training_tokens &&
		a.lr === b.lr &&
		a.seed === b.seed &&
		a.b_dec_init_method === b.b_dec_init_method &&
		a.l1_coefficient === b.l1_coefficient
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
	const key = (m: Measured) =>
		[m.d_in, m.d_sae, m.training_tokens, m.b_dec_init_method ?? "", m.lr].map(
			(v) => (typeof v === "number" ? String(v).padStart(9) : v),
		);
	const order = (m: Measured) =>
		[
			m.architecture,
			...key({ ...m, lr: Math.round(1e6 * m.lr) }),
			m.l1_coefficient ?? "",
		].join();
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
			m.d_in,
			m.d_sae,
			m.training_tokens.toLocaleString("en-US"),
			`${m.lr}${m.lr === defaultRate(m.architecture, m.d_sae) ? " (default)" : ""}`,
			m.b_dec_init_method ?? "",
			own.length,
			of("fvu", 3, 1000),
			of("l0", 2),
			of("dead", 0),
			f1.length ? spread(f1, 3) : "",
		];
	});
	const head = [
		...["architecture", "d_in", "d_sae", "rows", "lr", "b_dec"],
		...["seeds", "FVU × 1000", "L0", "dead", "F1"],
	];
	return [head, head.map(() => "---"), ...lines]
		.map((cells) => `| ${cells.join(" | ")} |`)
		.join("\n");
}

export function ratesPage(measured: readonly Measured[]): string {
	return `# Learning rates

Written by \`npm run rates\`. Layer 5 of tiny-gpt2 (blocks.5.hook_resid_post, 128 wide), trained on the 355,379 rows of the train split, measured on the test split; or, 768 wide, sums of 16 of 3,072 planted directions. Options not named are the defaults: batches of 1,024, k 16, 5 % of the steps to warm up, 20 % to decay. FVU: fraction of variance unexplained. Dead: latents that fire on no row of the test split. F1: of the best latent for each class of the labels, mean over labels. ± is half the range over seeds.

${ratesTable(measured)}
`;
}
