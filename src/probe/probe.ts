import {
	type Activations,
	columnMoments,
	type Matrix,
	takeRows,
} from "../activations";
import { listenTo } from "../interrupt";
import { differenceInterval } from "../intervals";
import { reportProgress } from "../progress";
import { resamples } from "../resamples";
import type { Latents } from "../sae";
import { topIndices } from "../top";
import { type Assessment, assess, ROUGH } from "./assess";
import { bestColumns } from "./columns";
import { gatherInputs } from "./inputs";
import type { LinearModel } from "./logistic";
import { notesOn } from "./notes";
import { checkOptions, type ProbeOptions } from "./options";
import { plan } from "./plan";
import type { ProbeInput, ProbeResult, ProbeScore } from "./result";
import { scorePredictions } from "./score";
import { settingsOf } from "./settings";
import { type Task, testUnits } from "./task";

const TOP = 10;
/** Labels shuffled among sentences are learned by heart, slowly and to no use: the test sentences do not gain by it. */
const SHUFFLED = { maxIterations: 50 };
/** Those of token types are: the fit goes on until its gradient is small, though not until its last digits hold still. */
const BY_TYPE = { tolerance: ROUGH };

/**
 * How well a linear classifier reads a label from a sentence: from its latents, beside the same classifier on its
 * activations, on as many activation channels as a token has active latents, on the latents of an autoencoder that was
 * never trained, on the activations of a model that was never trained (where `model` is given), on a bag of words, and
 * the commonest class. Multinomial logistic regression, fitted on the training sentences, its penalty chosen on the
 * validation sentences, every number from the test sentences. Each is fitted once more with the labels shuffled among the
 * texts, the same penalty, in at most 50 iterations: its accuracy less that is its selectivity (after Hewitt &
 * Liang 2019). Sentences whose label is empty take no part. The split is that of the whole library, `splitSentences`:
 * the sentences' own, else a seeded 80/10/10 that keeps copies of a text (and groups) in one part; resamples draw texts.
 *
 * With `unit: "token"` a row is a token, read as it is; the split and the resamples are by text all the same, for a
 * token tells much of its neighbours. Instead of the bag of words the probe is told which token it is, and on the
 * control task each token type has a random class: what a probe can learn of that, it could learn of any list of words.
 *
 * Throws when the label or the offsets column is not there (near names are listed), when the label has one class
 * only, when it looks like a column of identifiers, when a label of tokens gives no class, when a split has no
 * sentences, and when rows are not finite.
 */
export async function probe(
	source: Latents | Activations,
	options: ProbeOptions,
): Promise<ProbeResult> {
	const { before, solver = "lbfgs", seed = 0 } = options;
	checkOptions(options);
	const signal = listenTo(options.signal);
	const started = performance.now();
	const acts = source.kind === "latents" ? source.acts : source;
	const planned = plan(source, { ...options, signal });
	const { unit, pool, label, task, units } = planned;
	const inputs = await gatherInputs(source, units, {
		...{ ...options, seed, signal, train: task.train },
		best: (x: Matrix, n: number) => bestColumns(x, task, n),
	});
	const control = (options.control ?? true) && solver === "lbfgs";
	const other = control ? planned.controlTask() : undefined;
	const found: Partial<Record<ProbeInput, Assessment>> = {};
	for (const [at, { name, x, scaling }] of inputs.entries()) {
		const tell = (share: number) =>
			reportProgress({
				label: `probe ${label}`,
				done: Math.round((100 * (at + share)) / inputs.length),
				total: 100,
				unit: "%",
				note: name.replaceAll("_", " "),
			});
		const { l2, class_weight } = options;
		const settings = { solver, l2, class_weight, seed, signal };
		const own = await assess(x, scaling, task, settings, tell);
		found[name] = own;
		if (!other) continue;
		const same = {
			...{ ...settings, l2: own.score.l2 },
			...(unit === "token" ? BY_TYPE : SHUFFLED),
		};
		const learned = await assess(x, scaling, other, same, () => undefined);
		Object.assign(own.score, selectivityOf(own, learned, task, other, seed));
	}
	const scoreOf = (name: ProbeInput) => found[name]?.score;
	const latents = inputs.find(({ name }) => name === "latents");
	return {
		kind: "probe",
		label,
		classes: task.classes,
		...(options.k !== undefined && { k: options.k }),
		...settingsOf(acts, task, { unit, pool, before, solver, seed }),
		latents: scoreOf("latents"),
		activations: scoreOf("activations") as ProbeScore,
		top_channels: scoreOf("top_channels"),
		random_sae: scoreOf("random_sae"),
		untrained_model: scoreOf("untrained_model"),
		bag_of_words: scoreOf("bag_of_words") as ProbeScore,
		majority: majority(task, seed),
		top_latents:
			latents &&
			found.latents?.model &&
			topLatents(
				found.latents.model,
				takeRows(latents.x, task.train),
				task.classes,
				latents.columns,
			),
		control_task: unit === "token" ? "token types" : "shuffled sentences",
		notes: [...planned.notes, ...notesOn(unit, task, inputs, found)],
		seconds: (performance.now() - started) / 1000,
	};
}

/** What is read, less what is learned by heart, on the same test rows. */
function selectivityOf(
	own: Assessment,
	learned: Assessment,
	task: Task,
	other: Task,
	seed: number,
): Pick<ProbeScore, "control" | "selectivity" | "selectivity_interval"> {
	const { accuracy, interval } = learned.score;
	const hits = (of: Task, { predicted }: Assessment) =>
		of.test.map((i, at) => (of.truth[i] === predicted[at] ? 1 : 0));
	const [read, known] = [hits(task, own), hits(other, learned)];
	const differences: number[] = [];
	const units = testUnits(task);
	for (const weights of resamples(units, 1000, seed)) {
		let [sum, n] = [0, 0];
		for (let i = 0; i < weights.length; i++) {
			sum += weights[i] * (read[i] - known[i]);
			n += weights[i];
		}
		differences.push(sum / n);
	}
	return {
		control: { accuracy, interval },
		selectivity: own.score.accuracy - accuracy,
		selectivity_interval: differenceInterval(
			[own.score.accuracy, accuracy],
			differences,
			new Set(units).size,
		),
	};
}

/** Always the commonest class of the training sentences. */
export function majority(task: Task, seed: number): ProbeScore {
	const nClasses = task.classes.length;
	const counts = new Array<number>(nClasses).fill(0);
	for (const i of task.train) counts[task.truth[i]]++;
	const most = topIndices(counts, 1)[0];
	const truth = task.test.map((i) => task.truth[i]);
	const predicted = new Uint32Array(truth.length).fill(most);
	const units = testUnits(task);
	const said = { truth, predicted, nClasses, units };
	return scorePredictions({ ...said, columns: 0, seed });
}

function topLatents(
	model: LinearModel,
	train: Matrix,
	classes: string[],
	columns?: number[],
): ProbeResult["top_latents"] {
	const { deviation } = columnMoments(train);
	const { k, weights } = model;
	return classes.flatMap((name, c) => {
		// With two classes the one score is the second class's.
		const sign = k === 1 && c === 0 ? -1 : 1;
		const column = k === 1 ? 0 : c;
		const effect = Array.from(
			deviation,
			(s, j) => sign * s * weights[j * k + column],
		);
		return topIndices(effect, TOP)
			.filter((j) => effect[j] > 0)
			.map((j) => ({
				class: name,
				latent: columns?.[j] ?? j,
				weight: effect[j],
			}));
	});
}
