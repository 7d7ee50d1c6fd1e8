/**
 * Trains every architecture on planted dictionaries, whose true directions are known, and counts how many it finds.
 *
 *     npm run planted [-- <architecture> …] [--seeds <n>]
 *
 * Each seed plants another dictionary and starts another autoencoder. Prints a table in Markdown, and writes it to
 * bench/results/planted.md where everything was run. Exits with 1 where an architecture misses its target.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import {
	type Architecture,
	plantedDictionary,
	reconstructionMetrics,
	recovery,
	type TrainOptions,
	trainSae,
} from "../src/sae";

const SIZES = { d_in: 128, d_true: 512, active: 8 };
const POOL = 500_000; // rows a dictionary; training goes through them again
const FRESH = 20_000; // rows that training has not seen, for L0 and explained variance
const COSINE = 0.9;

type Plan = Pick<TrainOptions, "training_tokens"> & Partial<TrainOptions>;

/** What differs from the defaults, and which share of the directions has to be found. */
export const plans: Record<Architecture, Plan & { target: number }> = {
	standard: { training_tokens: 1_000_000, target: 0.9 },
	topk: { training_tokens: 1_000_000, lr: 0.002, target: 0.95 },
	batchtopk: { training_tokens: 2_000_000, lr: 0.002, target: 0.95 },
	jumprelu: {
		training_tokens: 1_000_000,
		lr: 0.002,
		l0_coefficient: 1.5,
		jumprelu_bandwidth: 2,
		jumprelu_init_threshold: 0.5,
		target: 0.95,
	},
	gated: {
		training_tokens: 1_500_000,
		lr: 0.002,
		l1_coefficient: 3,
		target: 0.95,
	},
	matryoshka: { training_tokens: 2_000_000, lr: 0.002, target: 0.95 },
};

/** What one training came to. */
export interface PlantedRun {
	recovered: number;
	mean_max_cosine: number;
	l0: number;
	explained_variance: number;
}

async function run(
	architecture: Architecture,
	seed: number,
): Promise<PlantedRun> {
	const { target: _, ...options } = plans[architecture];
	const { acts, directions } = plantedDictionary({
		...SIZES,
		n_tokens: POOL,
		seed,
	});
	const sae = await trainSae(acts, {
		architecture,
		d_sae: 1024,
		k: SIZES.active,
		seed,
		...options,
	});
	const found = await recovery(directions, sae, { threshold: COSINE });
	const fresh = plantedDictionary({
		...SIZES,
		n_tokens: FRESH,
		seed,
		rows_seed: 1000 + seed,
	});
	const latents = await sae.encode(fresh.acts);
	const metrics = reconstructionMetrics(SIZES.d_in);
	metrics.add(fresh.acts.data, sae.decode(latents));
	return {
		recovered: found.recovered,
		mean_max_cosine: found.mean_max_cosine,
		l0: latents.indices.length / FRESH,
		explained_variance: metrics.result().explained_variance,
	};
}

function shown(run: PlantedRun): string {
	return Object.entries(run)
		.map(([name, value]) => `${name} ${Number(value.toPrecision(4))}`)
		.join(", ");
}

/** Mean ± standard deviation of what the runs have, as far as there is one. */
export function spread(values: number[], digits: number): string {
	const mean = values.reduce((a, b) => a + b) / values.length;
	const squares = values.reduce((sum, v) => sum + (v - mean) ** 2, 0);
	const deviation = Math.sqrt(squares / (values.length - 1));
	return values.length < 2
		? mean.toFixed(digits)
		: `${mean.toFixed(digits)} ± ${deviation.toFixed(digits)}`;
}

/** A row of the table for each architecture. */
export function plantedTable(
	runs: ReadonlyMap<Architecture, PlantedRun[]>,
): string {
	const lines = [...runs].map(([architecture, own]) => {
		const of = (name: keyof PlantedRun, digits: number) =>
			spread(
				own.map((r) => r[name]),
				digits,
			);
		return [
			architecture,
			of("recovered", 3),
			`≥ ${plans[architecture].target}${missed(architecture, own) ? ", missed" : ""}`,
			of("mean_max_cosine", 3),
			of("l0", 1),
			of("explained_variance", 3),
		];
	});
	const head = [
		"architecture",
		`found (cosine ≥ ${COSINE})`,
		"target",
		"mean max cosine",
		"L0",
		"explained variance",
	];
	return [head, head.map(() => "---"), ...lines]
		.map((cells) => `| ${cells.join(" | ")} |`)
		.join("\n");
}

/** Whether the mean over the seeds is below the target. */
export function missed(architecture: Architecture, runs: PlantedRun[]) {
	const sum = runs.reduce((total, r) => total + r.recovered, 0);
	return sum / runs.length < plans[architecture].target;
}

function page(table: string, seeds: number): string {
	const settings = Object.entries(plans).map(([name, plan]) => {
		const { target: _, ...options } = plan;
		return `- ${name}: ${Object.entries(options)
			.map(([option, value]) => `${option} ${value}`)
			.join(", ")}`;
	});
	return `# Planted dictionaries

Written by \`npm run planted\`. Each row of activations is a sum of exactly ${SIZES.active} of ${SIZES.d_true} random unit vectors in ${SIZES.d_in} dimensions, with strengths from 0.5 to 1.5 and no noise; ${POOL} rows are gone through again and again. The autoencoders have 1024 latents, and k = ${SIZES.active} where there is a k. A direction is found where the direction of some latent has a cosine of at least ${COSINE} with it. L0 and explained variance are of the trained autoencoder, on ${FRESH} rows it has not seen. Mean ± standard deviation over ${seeds} seeds, each with a dictionary of its own.

${table}

What is not a default:

${settings.join("\n")}
`;
}

async function main(args: string[]): Promise<number> {
	const { values, positionals } = parseArgs({
		args,
		allowPositionals: true,
		options: { seeds: { type: "string", default: "3" } },
	});
	const all = Object.keys(plans) as Architecture[];
	const unknown = positionals.find((name) => !all.includes(name as never));
	if (unknown !== undefined)
		throw new Error(
			`There is no architecture "${unknown}": give some of ${all.join(", ")}, or none for all of them.`,
		);
	const seeds = Number(values.seeds);
	if (!(Number.isInteger(seeds) && seeds > 0))
		throw new Error(
			`--seeds is "${values.seeds}"; a whole number above 0 is needed.`,
		);
	const chosen = positionals.length ? (positionals as Architecture[]) : all;
	const runs = new Map<Architecture, PlantedRun[]>();
	for (const architecture of chosen) {
		const own: PlantedRun[] = [];
		for (let seed = 0; seed < seeds; seed++) {
			own.push(await run(architecture, seed));
			console.error(`${architecture}, seed ${seed}: ${shown(own[seed])}`);
		}
		runs.set(architecture, own);
	}
	const table = plantedTable(runs);
	console.log(table);
	if (chosen === all && seeds >= 3)
		writeFileSync(join(__dirname, "results/planted.md"), page(table, seeds));
	return [...runs].some(([a, own]) => missed(a, own)) ? 1 : 0;
}

if (require.main === module)
	main(process.argv.slice(2)).then(
		(code) => {
			process.exitCode = code;
		},
		(error: Error) => {
			console.error(error.message);
			process.exitCode = 1;
		},
	);
