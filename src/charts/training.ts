import type { TrainingHistory } from "../sae";
import { dash, fixed, percent, several, short } from "../say";
import { type Chart, chart, ink, thin } from "./theme";

const panels = [
	{ field: "loss", title: "loss", format: "~s" },
	{ field: "explained_variance", title: "explained variance", format: ".1f" },
	{ field: "l0", title: "L0 (active latents per token)", format: "~s" },
	{ field: "dead", title: "dead latents", format: "~s" },
] as const;

/**
 * How training went: loss, explained variance, L0 and dead latents over the tokens seen, one small panel each; where
 * there was a validation split, its explained variance and L0 are drawn beside those of training.
 * At most 400 records are drawn, evenly spread.
 */
export function training(
	history: Pick<TrainingHistory, "records"> & Partial<TrainingHistory>,
): Chart {
	const values = thin(history.records, 400).map((r) => ({
		tokens: r.tokens,
		loss: r.loss,
		explained_variance: r.explained_variance,
		l0: r.l0,
		dead: r.dead,
		...(r.validation && {
			validation_explained_variance: r.validation.explained_variance,
			validation_l0: r.validation.l0,
		}),
	}));
	return chart({
		title: {
			text: titleOf(history),
			subtitle: summary(history),
		},
		data: { values },
		spacing: { row: 22, column: 34 },
		columns: 2,
		concat: panels.map((p) => panel(p, values)),
	});
}

/** Of the rows that are trained on, and of those held out. */
const lines = [{ color: ink.main }, { color: ink.accent, strokeDash: [5, 3] }];

type Values = { [name: string]: number | null | undefined };

function panel(
	{ field, title, format }: (typeof panels)[number],
	values: Values[],
): object {
	const held = `validation_${field}`;
	const drawn = values.some((v) => v[held] !== undefined)
		? [field, held]
		: [field];
	const top = values.reduce(
		(most, v) => Math.max(most, ...drawn.map((name) => v[name] ?? 0)),
		0,
	);
	const least = field === "dead" ? 4 : 0; // whole numbers, on four ticks
	const high = Math.max(1.1 * top, least) || 1;
	const domain = [0, field === "explained_variance" ? 1.05 : high];
	// a line of one point would not be seen
	const point = values.length === 1;
	const mark = { type: "line", strokeWidth: 2, clip: true, point };
	const encoding = (name: string) => ({
		x: {
			field: "tokens",
			type: "quantitative",
			title: "tokens seen",
			axis: {
				labelExpr: "format(datum.value, '.4~s')",
				tickCount: 5,
				grid: false,
			},
		},
		y: {
			field: name,
			type: "quantitative",
			title: null,
			axis: { format, tickCount: 4 },
			scale: { domain, nice: field !== "explained_variance" },
		},
		tooltip: [
			{ field: "tokens", title: "tokens", format: "," },
			{ field: name, title, format: ".4~g" },
		],
	});
	const shown =
		drawn.length === 1
			? { mark: { ...mark, ...lines[0] }, encoding: encoding(field) }
			: {
					layer: drawn.map((name, i) => ({
						mark: { ...mark, ...lines[i] },
						encoding: encoding(name),
					})),
				};
	return {
		title: {
			text: title,
			fontSize: 12,
			fontWeight: "normal",
			offset: 8,
			frame: "group",
		},
		width: 270,
		height: 120,
		...shown,
	};
}

function titleOf({
	architecture,
	records,
}: Pick<TrainingHistory, "records"> & Partial<TrainingHistory>): string {
	const name = `${architecture ? `${architecture} ` : ""}SAE`;
	const last = records.at(-1);
	if (!last) return `Training of the ${name}`;
	const { explained_variance: ev } = last;
	const at = `at L0 ${fixed(last.l0, 1)}`;
	if (!Number.isFinite(ev))
		return `How much the ${name} explains is not known, ${at}`;
	return ev < 0
		? `The ${name} is further off than the mean of its training rows, ${at}`
		: `The ${name} explains ${percent(ev)} of its training rows' variance ${at}`;
}

function summary({ records }: Pick<TrainingHistory, "records">): string {
	const last = records.at(-1);
	if (!last) return "no step taken yet";
	const dead =
		last.dead === null
			? `dead latents ${dash} (too few steps to count them) after ${short(last.tokens)} tokens`
			: `${several(last.dead, "dead latent")} after ${short(last.tokens)} tokens`;
	const held = last.validation
		? `; solid: training, dashed: validation, ${percent(last.validation.explained_variance)} at L0 ${fixed(last.validation.l0, 1)}`
		: "";
	return `${dead}${held}`;
}
