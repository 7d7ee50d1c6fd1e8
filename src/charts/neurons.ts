import type { NeuronReport } from "../features";
import { readable, several } from "../say";
import {
	type Chart,
	chart,
	clip,
	clipAll,
	ink,
	panelTitle,
	whiskers,
} from "./theme";

/** Neurons shown at most. */
const columns_limit = 40;

/**
 * Neurons of one layer: above, which classes each goes with (area under the ROC curve on held-out sentences); below,
 * what setting one or a group of them to zero does to the model's answers, with 95 % intervals.
 */
export function neurons(report: NeuronReport): Chart {
	return chart({
		title: {
			text: titleOf(report),
			subtitle: [
				`what MLP neurons of layer ${report.layer} go with, and what they do`,
				`${report.hook_name} of ${clip(report.model_name.split(/[\\/]/).at(-1) ?? "", 40)}, chosen on ${several(report.n_chosen_on, "sentence")}, measured on ${several(report.n_held_out, "other")}`,
			],
		},
		spacing: 30,
		vconcat: [associations(report), effects(report)],
		resolve: { scale: { color: "independent" } },
	});
}

/**
 * A change of the answers that is sure, and otherwise than that of neurons at random, the largest of those; where nothing was set to zero, how many classes have a neuron
 * that tells them. The neurons were chosen on other sentences; of the classes none is chosen.
 */
function titleOf(report: NeuronReport): string {
	const { effects, factors, layer } = report;
	const sure = effects.filter((e) => !e.random && isSure(e, report));
	const others = effects.find((effect) => effect.random);
	const [most] = sure
		.filter((effect) => !others || isOtherwise(effect, others))
		.sort((a, b) => Math.abs(b.change) - Math.abs(a.change));
	if (most)
		return `Without “${clip(most.name, 44)}” the answers change by ${readable(most.change)} nats`;
	if (sure.length && others)
		return `None of these neurons of layer ${layer} changes the answers for sure otherwise than ${clip(others.name, 30)}`;
	if (effects.length)
		return `None of these neurons of layer ${layer} changes the answers for sure`;
	const told = factors.filter(({ neurons: [first] }) =>
		Number.isFinite(first?.auc),
	);
	if (!told.length)
		return `No class has a neuron of layer ${layer} with a known AUC`;
	const good = told.filter(({ neurons: [first] }) => first.auc >= 0.8).length;
	return `${good} of ${several(told.length, "class", "classes")} ${good === 1 ? "has" : "have"} a neuron of layer ${layer} with an AUC of 0.8 or more`;
}

/** One prompt has no spread, so that its interval holds nothing but its own number. */
function isSure(
	{ interval: [low, high] }: NeuronReport["effects"][number],
	{ n_prompts }: NeuronReport,
): boolean {
	return n_prompts > 1 && (low > 0 || high < 0);
}

/** Whether the intervals do not meet; one that is not known leaves it open. */
function isOtherwise(
	{ interval: [low, high] }: NeuronReport["effects"][number],
	others: NeuronReport["effects"][number],
): boolean {
	return low > others.interval[1] || high < others.interval[0];
}

function associations(report: NeuronReport): object {
	const classes = clipAll(
		report.factors.map((f) => `${clip(f.label, 16)}: ${f.class}`),
		34,
	);
	const per_class = Math.floor(columns_limit / Math.max(8, classes.length));
	const shown = [
		...new Set(
			report.factors.flatMap((f) =>
				f.neurons.slice(0, per_class).map(({ neuron }) => neuron),
			),
		),
	].slice(0, columns_limit);
	const values = shown.flatMap((neuron) => {
		const row = report.table.neurons.indexOf(neuron);
		return classes.map((name, j) => ({
			neuron: String(neuron),
			class: name,
			auc: round(report.table.auc[row]?.[j]),
		}));
	});
	return {
		title: {
			...panelTitle(
				"goes with: sentences of the class have the larger (blue) or smaller (orange) mean activation",
			),
			anchor: "start",
		},
		data: { values },
		width: { step: 17 },
		height: { step: 17 },
		mark: { type: "rect", stroke: ink.paper, strokeWidth: 1 },
		encoding: {
			x: {
				field: "neuron",
				type: "nominal",
				sort: shown.map(String),
				title: "neuron",
				axis: { labelAngle: -90, ticks: false, domain: false },
			},
			y: {
				field: "class",
				type: "nominal",
				sort: classes,
				title: "class",
				axis: { ticks: false, domain: false, labelColor: ink.text },
			},
			color: {
				field: "auc",
				type: "quantitative",
				scale: {
					scheme: "blueorange",
					domain: [0, 1],
					domainMid: 0.5,
					reverse: true,
				},
				legend: {
					title: ["AUC", "(0.5: no tie)"],
					gradientLength: Math.max(60, Math.min(160, 17 * classes.length - 30)),
					tickCount: 5,
					format: ".1f",
				},
			},
			tooltip: [
				{ field: "neuron" },
				{ field: "class" },
				{ field: "auc", title: "AUC", format: ".3f" },
			],
		},
	};
}

function effects(report: NeuronReport): object {
	const values = report.effects.map((e) => ({
		name: clip(e.name, 44),
		change: round(e.change),
		low: round(e.interval[0]),
		high: round(e.interval[1]),
		sure: isSure(e, report),
	}));
	const what =
		report.score === "logit difference"
			? "logit difference, right − wrong"
			: "log-probability of the true ending";
	const names = [...new Set(values.map((v) => v.name))];
	return {
		title: {
			...panelTitle(
				`does: change of the answers when set to zero, ${several(report.n_prompts, "prompt")} (whisker: 95% interval)`,
			),
			anchor: "start",
		},
		data: { values },
		width: 420,
		height: { step: 24 },
		encoding: {
			y: {
				field: "name",
				type: "nominal",
				sort: names,
				title: "set to zero",
				axis: { ticks: false, labelColor: ink.text, labelLimit: 260 },
			},
		},
		layer: [
			{
				mark: { type: "bar", cornerRadiusEnd: 2 },
				encoding: {
					x: {
						field: "change",
						type: "quantitative",
						title: `change of the ${what} (nats)`,
						axis: { tickCount: 5 },
					},
					color: {
						condition: {
							test: "datum.sure",
							value: ink.main,
						},
						value: ink.quiet,
					},
					tooltip: [
						{ field: "name", title: "set to zero" },
						{ field: "change", title: "change (nats)", format: ".3f" },
						{ field: "low", title: "from", format: ".3f" },
						{ field: "high", title: "to", format: ".3f" },
					],
				},
			},
			{
				mark: { type: "rule", color: ink.faint },
				encoding: { y: null, x: { datum: 0 } },
			},
			...whiskers,
		],
	};
}

function round(x: number | undefined): number | null {
	return x === undefined || !Number.isFinite(x)
		? null
		: Number(x.toPrecision(4));
}
