import type {
	Calibration,
	Interval,
	KSparseResult,
	ProbeResult,
	ProbeScore,
	ProbeSettings,
	RegressionResult,
	RegressionScore,
	TagsResult,
} from "../../src/probe";
import { random } from "../../src/random";

/** Made-up results of probes of the size that real ones have, the same every time. */

export const settings: ProbeSettings = {
	hook_name: "blocks.5.hook_resid_post",
	unit: "sentence",
	pool: "mean",
	before: "prefix_end",
	solver: "lbfgs",
	seed: 0,
	split: {
		...{ given: false, made: true, seed: 0, by: "text" },
		sentences: { train: 9600, validation: 1200, test: 1200 },
		units: { train: 9600, validation: 1200, test: 1200 },
		test_in_training: 0,
	},
	n_train: 9600,
	n_validation: 1200,
	n_test: 1200,
	notes: [],
	seconds: 1.2,
};

/** 1.96 standard errors around a share, within 0 and 1. */
function around(share: number, n = 1200): Interval {
	const margin = 1.96 * Math.sqrt((share * (1 - share)) / n);
	return [Math.max(0, share - margin), Math.min(1, share + margin)];
}

/** Of a classifier that is a little surer than it is right, the more so the less accurate it is. */
function calibrationOf(accuracy: number, classes: number): Calibration {
	const least = Math.max(1, Math.floor(10 / classes));
	const bins = Array.from({ length: 10 - least }, (_, i) => {
		const confidence = (least + i + 0.5) / 10;
		return {
			confidence,
			accuracy: Math.min(1, confidence ** (1.1 + 6 * (1 - accuracy))),
			n: Math.round(12 + 900 * accuracy ** 4 * (i / (9 - least)) ** 5),
		};
	});
	const n = bins.reduce((sum, bin) => sum + bin.n, 0);
	const ece = bins.reduce(
		(sum, b) => sum + (b.n / n) * Math.abs(b.confidence - b.accuracy),
		0,
	);
	return { bins, ece };
}

export function score(
	accuracy: number,
	classes: number,
	control?: number,
): ProbeScore {
	const n = 1200;
	const row = n / classes;
	const right = Math.round(row * accuracy);
	const confusion = Array.from({ length: classes }, (_, t) =>
		Array.from({ length: classes }, (_, p) =>
			t === p
				? right
				: Math.round(
						((row - right) / (classes - 1)) * (0.5 + ((t + p) % 3) / 2),
					),
		),
	);
	const auc = Math.min(1, accuracy + 0.02);
	return {
		accuracy,
		interval: around(accuracy),
		balanced_accuracy: accuracy - 0.004,
		macro_f1: accuracy - 0.006,
		auc,
		intervals: {
			balanced_accuracy: around(accuracy - 0.004),
			macro_f1: around(accuracy - 0.006),
			auc: around(auc),
		},
		calibration: calibrationOf(accuracy, classes),
		n_test: n,
		confusion,
		columns: 1024,
		l2: 0.1,
		converged: true,
		...(control !== undefined && {
			control: { accuracy: control, interval: around(control) },
			selectivity: accuracy - control,
		}),
	};
}

/** Accuracies of latents, activations, top channels, a random SAE, an untrained model, a bag of words, and the majority. */
export function probed(
	label: string,
	classes: string[],
	accuracies: number[],
): ProbeResult {
	const [latents, activations, channels, sae, untrained, words, majority] =
		accuracies;
	const of = (accuracy: number, control?: number) =>
		score(accuracy, classes.length, control);
	const { calibration: _, ...always } = of(majority);
	return {
		...settings,
		kind: "probe",
		label,
		classes,
		latents: of(latents, majority + 0.01),
		activations: of(activations, majority + 0.04),
		top_channels: of(channels),
		random_sae: of(sae),
		untrained_model: of(untrained),
		bag_of_words: of(words),
		majority: { ...always, auc: Number.NaN },
		top_latents: classes.map((name, i) => ({
			class: name,
			latent: 17 * i + 3,
			weight: 2.5 - i / 4,
		})),
		control_task: "shuffled sentences",
	};
}

export const topics = [
	"cooking",
	"garden",
	"music",
	"school",
	"sport",
	"travel",
];

export const probes: ProbeResult[] = [
	probed("topic", topics, [0.972, 0.981, 0.71, 0.84, 0.9, 0.968, 0.169]),
	probed(
		"sentiment",
		["negative", "positive"],
		[0.913, 0.934, 0.74, 0.71, 0.66, 0.662, 0.503],
	),
	probed(
		"tense",
		["past", "present"],
		[0.995, 0.998, 0.93, 0.97, 0.95, 0.99, 0.5],
	),
	probed(
		"number",
		["plural", "singular"],
		[0.97, 0.986, 0.81, 0.83, 0.72, 0.71, 0.504],
	),
	probed(
		"pronoun",
		["first", "second"],
		[0.88, 0.93, 0.61, 0.74, 0.77, 0.79, 0.51],
	),
];

/** What `probe` returned of a label before it had more baselines, a control and a calibration. */
export const plainProbe: ProbeResult = (() => {
	const { top_channels, random_sae, untrained_model, ...rest } = probes[1];
	const bare = ({ control, selectivity, ...of }: ProbeScore) => of;
	return {
		...rest,
		latents: rest.latents && bare(rest.latents),
		activations: bare(rest.activations),
	};
})();

/** Twenty classes, most with long names. */
export const manyClasses: ProbeResult = probed(
	"newsgroup",
	Array.from({ length: 20 }, (_, i) =>
		i % 4 === 3
			? `short ${i}`
			: `comp.sys.some-very-long-newsgroup-name.hardware.part-${i}`,
	),
	[0.62, 0.7, 0.4, 0.5, 0.45, 0.66, 0.06],
);

export const kSparse: KSparseResult = (() => {
	const ks = [1, 2, 5, 10, 20, 50];
	const curve = (input: "latents" | "activations", from: number, to: number) =>
		ks.map((k) => {
			const accuracy = to - (to - from) / k ** 0.7;
			return { input, k, accuracy, interval: around(accuracy) };
		});
	const whole = (input: "latents" | "activations", accuracy: number) => ({
		input,
		accuracy,
		interval: around(accuracy),
	});
	return {
		...settings,
		kind: "k-sparse",
		label: "topic",
		classes: topics,
		ks,
		points: [
			...curve("latents", 0.78, 0.975),
			whole("latents", 0.982),
			...curve("activations", 0.61, 0.95),
			whole("activations", 0.991),
		],
		top: topics.map((name, i) => ({
			class: name,
			latents: [17 * i, 17 * i + 1],
			channels: [3 * i, 3 * i + 1],
		})),
		eval_result_metrics: {
			llm: { llm_test_accuracy: 0.991, llm_top_1_test_accuracy: 0.61 },
			sae: { sae_test_accuracy: 0.982, sae_top_1_test_accuracy: 0.78 },
		},
	};
})();

export const numberProbe: RegressionResult = (() => {
	const r = random(21);
	const of = (r2: number): RegressionScore => ({
		r2,
		interval: [r2 - 0.03, Math.min(1, r2 + 0.03)],
		mae: 1.9,
		rmse: 2.4,
		spearman: Math.sqrt(Math.max(0, r2)),
		n_test: 1200,
		columns: 1024,
		l2: 1,
		control: { r2: -0.004, interval: [-0.02, 0.01] },
		selectivity: r2 + 0.004,
	});
	return {
		...settings,
		kind: "number-probe",
		label: "length",
		latents: of(0.81),
		activations: of(0.88),
		bag_of_words: of(0.64),
		mean: { ...of(-0.001), spearman: Number.NaN },
		predictions: Array.from({ length: 1200 }, (_, row) => {
			const truth = 5 + r.int(22);
			return { row, truth, predicted: 3 + 0.8 * truth + 2.2 * r.normal() };
		}),
	};
})();

export const tagsProbe: TagsResult = (() => {
	const tags = ["animals", "history", "music", "rivers & lakes", "sport"];
	const overall = (f1: number) => ({
		micro_f1: f1,
		macro_f1: f1 - 0.03,
		exact_match: f1 - 0.2,
		interval: around(f1),
	});
	return {
		...settings,
		kind: "tags-probe",
		label: "tags",
		tags,
		scores: tags.map((tag, i) => ({
			tag,
			latents: score(0.96 - 0.06 * i, 2),
			activations: score(0.97 - 0.04 * i, 2),
			bag_of_words: score(0.9 - 0.05 * i, 2),
			majority: score(0.49, 2),
		})),
		overall: {
			latents: overall(0.84),
			activations: overall(0.89),
			bag_of_words: overall(0.8),
			majority: overall(0.1),
		},
	};
})();
