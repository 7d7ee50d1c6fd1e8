/**
 * What sparsity costs, by architecture: trains each of them at several sparsities with several seeds on the layer 5 of the
 * bundled model, evaluates them on the test split, and compares them at equal L0.
 *
 *     npm run pareto [-- <architecture> …] [--seeds <n>] [--training-tokens <n>]
 *
 * Prints tables in Markdown and writes the chart and the numbers to out/pareto.png and out/pareto.json. Where everything was
 * run as it is by default, the tables go to bench/results/pareto.md.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { extract } from "../src/activations";
import { pareto } from "../src/charts";
import {
	loadSentences,
	type Sentences,
	type Split,
	selectSentences,
} from "../src/dataset";
import { saveJson } from "../src/files";
import { type Decoder, loadModel } from "../src/model";
import { drawChart, prepareChart } from "../src/notebook/picture";
import {
	type Architecture,
	evaluate,
	type Sae,
	type SweepGrid,
	type TrainOptions,
	trainSweep,
} from "../src/sae";
import { equalTable, type ParetoRun, runsTable } from "./pareto-table";

const hook_name = "blocks.5.hook_resid_post";
const DEFAULT_TOKENS = 600_000;
const DEFAULT_SEEDS = 3;

/** The same for all. */
const common = {
	d_sae: 1024,
	train_batch_size_tokens: 512,
	lr: 0.002,
	device: "cpu",
} satisfies Partial<TrainOptions>;

interface Plan {
	/** The option that says how sparse, with values that give an L0 of about 4 to 32. */
	varied: "k" | "l1_coefficient" | "l0_coefficient";
	values: number[];
	/** What differs from the defaults. */
	options?: Partial<TrainOptions>;
}

const ks: Plan = { varied: "k", values: [4, 8, 16, 32] };
const plans: Record<Architecture, Plan> = {
	standard: {
		varied: "l1_coefficient",
		values: [0.1, 0.2, 0.5, 1],
		options: { resample_steps: 0 },
	},
	topk: ks,
	batchtopk: ks,
	jumprelu: {
		varied: "l0_coefficient",
		values: [0.004, 0.012, 0.04, 0.2],
		options: { jumprelu_bandwidth: 2, jumprelu_init_threshold: 0.2 },
	},
	gated: { varied: "l1_coefficient", values: [0.4, 0.7, 1.2, 2.2] },
	matryoshka: ks,
};

const symbols = { k: "k", l1_coefficient: "λ", l0_coefficient: "λ" };

async function main(): Promise<void> {
	const { architectures, seeds, training_tokens } = parse();
	const started = performance.now();
	const model = await loadModel("tiny-gpt2");
	const bundled = await loadSentences("bundled");
	const acts = await extract(model, only(bundled, "train"), { hook_name });
	const test = only(bundled, "test");
	const runs: ParetoRun[] = [];
	for (const architecture of architectures) {
		const plan = plans[architecture];
		const began = performance.now();
		const grid = {
			[plan.varied]: plan.values,
			seed: Array.from({ length: seeds }, (_, i) => i),
		} as SweepGrid;
		const sweep = await trainSweep(
			acts,
			{ ...common, architecture, training_tokens, ...plan.options },
			grid,
		);
		for (const { why } of sweep.failed) console.error(why);
		const trained = seconds(began);
		for (const { sae, varied } of sweep.runs)
			runs.push({
				architecture,
				sparsity: varied[plan.varied] as number,
				seed: varied.seed as number,
				...(await measure(sae, model, test)),
			});
		console.error(
			`${architecture}: ${sweep.runs.length} trained in ${trained} s, evaluated in ${seconds(began) - trained} s`,
		);
	}
	await model.dispose();
	const text = report(runs, { training_tokens, seeds, n: acts.n_tokens });
	console.log(text);
	console.error(`${seconds(started)} s in all`);
	mkdirSync("out", { recursive: true });
	const { png } = await drawChart(prepareChart(figure(runs)));
	writeFileSync(join("out", "pareto.png"), png);
	saveJson(join("out", "pareto.json"), runs);
	const complete = architectures.length === Object.keys(plans).length;
	const usual = seeds === DEFAULT_SEEDS && training_tokens === DEFAULT_TOKENS;
	if (!complete || !usual) return;
	const results = join(__dirname, "results");
	mkdirSync(results, { recursive: true });
	writeFileSync(join(results, "pareto.md"), `${text}\n`);
}

function parse() {
	const { values, positionals } = parseArgs({
		allowPositionals: true,
		options: {
			seeds: { type: "string", default: String(DEFAULT_SEEDS) },
			"training-tokens": { type: "string", default: String(DEFAULT_TOKENS) },
		},
	});
	const known = Object.keys(plans) as Architecture[];
	const wrong = positionals.find((name) => !known.includes(name as never));
	if (wrong !== undefined)
		throw new Error(
			`There is no architecture "${wrong}": give some of ${known.join(", ")}.`,
		);
	const whole = (name: "seeds" | "training-tokens") => {
		const value = Number(values[name]);
		if (Number.isInteger(value) && value > 0) return value;
		throw new Error(
			`--${name} is "${values[name]}"; a whole number above 0 is needed.`,
		);
	};
	return {
		architectures: positionals.length ? (positionals as Architecture[]) : known,
		seeds: whole("seeds"),
		training_tokens: whole("training-tokens"),
	};
}

/** The sentences of one split, as if there were no others. */
function only(sentences: Sentences, which: Split): Sentences {
	const { split: own, ...rest } = sentences;
	return selectSentences(rest, (i) => own?.[i] === which);
}

async function measure(sae: Sae, model: Decoder, test: Sentences) {
	const e = await evaluate(sae, model, test);
	return {
		l0: e.l0,
		explained_variance: e.explained_variance,
		ce_loss_score: e.ce_loss_score,
		dead: e.feature_density.filter((share) => share === 0).length / e.d_sae,
	};
}

function figure(runs: ParetoRun[]) {
	return pareto(runs, {
		title: "What sparsity costs, by architecture",
		subtitle: `tiny-gpt2, ${hook_name}, ${common.d_sae} latents, test split; lines through means over seeds, bars from lowest to highest`,
	});
}

function report(
	runs: ParetoRun[],
	about: { training_tokens: number; seeds: number; n: number },
): string {
	const settings = Object.fromEntries(
		Object.entries(plans).map(([name, { varied }]) => [name, symbols[varied]]),
	);
	const number = (n: number) => n.toLocaleString("en-US");
	return `# L0 against explained variance and CE loss score

\`npm run pareto\`: ${hook_name} of tiny-gpt2, d_sae ${common.d_sae}, each trained on ${number(about.training_tokens)} tokens (drawn from ${number(about.n)} of the train split) with ${about.seeds} seeds, batches of ${common.train_batch_size_tokens}, a learning rate of ${common.lr}, the other options by default but for: standard without resampling; jumprelu with a bandwidth of 2 and thresholds that begin at 0.2. Measured on the test split. Intervals are 95 % over seeds (Student's t).

## At equal L0

Interpolated between neighbours, log(1 − metric) as a straight line in log L0; nothing is extrapolated. Differences are taken seed by seed; one whose interval leaves zero out is called above or below.

${equalTable(runs)}

## Everything that was trained

Dead: latents that never fire on the test split.

${runsTable(runs, settings)}
`;
}

function seconds(since: number): number {
	return Math.round((performance.now() - since) / 1000);
}

main().catch((error) => {
	console.error((error as Error).message);
	process.exitCode = 1;
});
