import { splitWords } from "../../dataset";
import type {
	Classifier,
	KSparseResult,
	ProbeInput,
	ProbeResult,
	ProbeScore,
	ProbeSettings,
	RegressionResult,
	RegressionScore,
	TagsResult,
} from "../../probe";
import { dash, fixed, several } from "../../say";
import type { Html } from "../html";
import { type Cell, fields, table } from "../table";

/** What a probe may read, in the order of the tables. */
const inputs: [ProbeInput, string][] = [
	["latents", "SAE latents"],
	["activations", "activations"],
	["top_channels", "top channels"],
	["random_sae", "latents of a random SAE"],
	["untrained_model", "untrained model"],
	["bag_of_words", "bag of words"],
	["majority", "most frequent class"],
];

/** A probe's scores beside those of what it must beat. */
export function probeView(result: ProbeResult): Html {
	const scores = inputs.flatMap(([key, words]): [string, ProbeScore][] => {
		const score = result[key];
		const token = key === "bag_of_words" && result.unit === "token";
		return score ? [[token ? "which token" : words, score]] : [];
	});
	return table(
		[
			"linear classifier on",
			"accuracy (share)",
			"95 % interval",
			"balanced accuracy",
			"AUC",
			"selectivity",
			"columns",
		],
		scores.map(([name, score]): Cell[] => [
			name,
			score.accuracy,
			range(score.interval),
			score.balanced_accuracy,
			score.auc,
			score.selectivity,
			score.columns,
		]),
		{
			caption: `Probe of ${result.label} (${several(result.classes.length, "class", "classes")}${result.k ? `, ${several(result.k, "column")}` : ""}), ${whereOf(result)}`,
		},
	);
}

/** Accuracy by the number of latents, and of channels. */
export function kSparseView(result: KSparseResult): Html {
	const ks = [
		...new Set(result.points.map(({ k }) => k ?? Number.POSITIVE_INFINITY)),
	].sort((a, b) => a - b);
	return table(
		["columns read", "SAE latents", "95 %", "activation channels", "95 %"],
		ks.map((k): Cell[] => {
			const of = (input: "latents" | "activations"): Cell[] => {
				const point = result.points.find(
					(p) => p.input === input && (p.k ?? Number.POSITIVE_INFINITY) === k,
				);
				return [point?.accuracy, point && range(point.interval)];
			};
			return [
				Number.isFinite(k) ? `${k}` : "all",
				...of("latents"),
				...of("activations"),
			];
		}),
		{
			caption: `k-sparse probe of ${result.label}: accuracy (share), mean over ${several(result.classes.length, "class", "classes")}, each with columns of its own and told from as many others (chance 0.5), ${whereOf(result)}`,
		},
	);
}

/** How well a number is read, beside a bag of words and the mean. */
export function numberProbeView(result: RegressionResult): Html {
	const rows: [string, RegressionScore | undefined][] = [
		["SAE latents", result.latents],
		["activations", result.activations],
		["bag of words", result.bag_of_words],
		["mean", result.mean],
	];
	return table(
		[
			"linear regression on",
			"R²",
			"95 % interval",
			"mean absolute error",
			"RMSE",
			"Spearman",
			"selectivity",
		],
		rows.flatMap(([name, score]): Cell[][] =>
			score
				? [
						[
							name,
							score.r2,
							range(score.interval),
							score.mae,
							score.rmse,
							score.spearman,
							score.selectivity,
						],
					]
				: [],
		),
		{ caption: `Probe of the number ${result.label}, ${whereOf(result)}` },
	);
}

/** All tags together, then each. */
export function tagsProbeView(result: TagsResult): Html {
	const read = inputs.filter(([key]) => result.overall[key]);
	const together = read.map(([key, name]): Cell[] => {
		const of = result.overall[key];
		return [
			"(all tags)",
			name,
			of?.micro_f1,
			of && range(of.interval),
			of?.macro_f1,
			of?.exact_match,
		];
	});
	const each = result.scores.flatMap((scores) =>
		read.flatMap(([key, name]): Cell[][] => {
			const score = scores[key as "latents"];
			return score
				? [
						[
							scores.tag,
							name,
							undefined,
							range(score.intervals.macro_f1),
							score.macro_f1,
							score.accuracy,
						],
					]
				: [];
		}),
	);
	return table(
		[
			"tag",
			"linear classifiers on",
			"micro F1",
			"95 %",
			"macro F1",
			"right (share)",
		],
		[...together, ...each],
		{
			caption: `Probes of ${several(result.tags.length, "tag")} of ${result.label} (each: has it or not), ${whereOf(result)}`,
		},
	);
}

/** How large a logistic regression is, and how its fit ended. */
export function classifierView(model: Classifier): Html {
	const { classes, weights, k, C, iterations, converged } = model;
	return fields("Logistic regression", [
		["classes", classes.length],
		["", classes.slice(0, 20).join(", ")],
		["columns", weights.length / k],
		["C (inverse of the L2 penalty)", C],
		["iterations", iterations],
		["converged", converged ? "yes" : "no: more iterations would change it"],
	]);
}

/** Where the rows come from, how many are tested, and what a reader should know. */
function whereOf(result: ProbeSettings): string {
	const pool = result.pool ? `, ${result.pool} over the tokens` : "";
	const before = result.before ? `, text before ${result.before}` : "";
	const notes = result.notes.length ? `. ${result.notes.join(" ")}` : "";
	const from = result.n_test_sentences
		? ` of ${several(result.n_test_sentences, "sentence")}`
		: "";
	const { split } = result;
	const how = typeof split === "object" ? ` (${splitWords(split)})` : ""; // older records say less
	return `${result.hook_name}${pool}${before}, ${several(result.n_test, `test ${result.unit}`)}${from}${how}${notes}`;
}

/** [0.9123, 0.94] as "0.912 to 0.940"; a dash where it is not known. */
function range([low, high]: [number, number]): string {
	return Number.isFinite(low + high)
		? `${fixed(low, 3)} to ${fixed(high, 3)}`
		: dash;
}
