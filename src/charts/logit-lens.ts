import type { LogitLens } from "../model";
import { several } from "../say";
import { type Chart, chart, heat, ink, thin } from "./theme";
import { shownOf, spell, tokenLabels } from "./tokens";

/** At most so many rows and columns. */
const limit = { tokens: 32, layers: 13 };

const truth = "truth";

/**
 * What the model would say next if it stopped at each layer: one row a token read, one column a layer, in each cell the
 * likeliest next token, coloured by its probability and framed where it is the token that really comes next. At most 32
 * tokens and 13 layers, evenly spread.
 */
export function logitLens(lens: LogitLens): Chart {
	const { hooks, rank, top, tokens } = lens;
	const layers = thin([...hooks.keys()], limit.layers);
	const narrow = layers.length > 8;
	const names = hooks.map((hook) => nameOf(hook));
	const labels = tokenLabels(tokens, limit.tokens);
	const cells = labels.flatMap((label, at) =>
		layers.map((layer) => ({
			token: label,
			layer: names[layer],
			guess: spell(top[layer][at][0].token, narrow ? 7 : 9),
			probability: Number(top[layer][at][0].probability.toPrecision(3)),
			right: rank[layer][at] === 0,
		})),
	);
	const next = labels.map((label, at) => ({
		token: label,
		layer: truth,
		guess:
			tokens[at + 1] === undefined ? "" : spell(tokens[at + 1], narrow ? 7 : 9),
	}));
	return chart({
		title: {
			text: titleOf(lens, names),
			subtitle: `the likeliest next token at each layer, framed where it is what really comes next${shownOf(labels.length, tokens.length)}`,
		},
		data: { values: [...cells, ...next] },
		width: { step: narrow ? 52 : 64 },
		height: { step: 18 },
		encoding: {
			x: {
				field: "layer",
				type: "nominal",
				sort: [...layers.map((layer) => names[layer]), truth],
				title: "the residual stream, read after",
				axis: axis({ orient: "top", labelAngle: 0 }),
			},
			y: {
				field: "token",
				type: "nominal",
				sort: labels,
				title: "position and token read",
				axis: axis({}),
			},
		},
		layer: [rectangles, frames, guesses],
	});
}

function titleOf({ rank, tokens }: LogitLens, names: string[]): string {
	const right = (layer: number) => rank[layer].filter((r) => r === 0).length;
	const positions = Math.max(0, tokens.length - 1);
	if (!positions)
		return "No token follows, so that no guess can be right or wrong";
	const last = names.length - 1;
	const first = Math.min(1, last);
	const end = first < last ? `, at ${right(last)} after ${names[last]}` : "";
	return `The first guess is right at ${right(first)} of ${several(positions, "position")} after ${names[first]}${end}`;
}

/** "blocks.3.hook_resid_pre" is what block 2 has left behind. */
function nameOf(hook: string): string {
	const [, layer, place] =
		/^blocks\.(\d+)\.hook_resid_(pre|post)$/.exec(hook) ?? [];
	if (place === "post") return `block ${layer}`;
	return layer === "0" ? "embed" : `block ${Number(layer) - 1}`;
}

function axis(more: object): object {
	return { ticks: false, domain: false, labelColor: ink.text, ...more };
}

const rectangles = {
	transform: [{ filter: "isValid(datum.probability)" }],
	mark: { type: "rect" },
	encoding: {
		color: {
			field: "probability",
			type: "quantitative",
			scale: { range: heat, domain: [0, 1] },
			legend: {
				title: ["probability", "of the guess"],
				format: ".0%",
				tickCount: 3,
			},
		},
		tooltip: [
			{ field: "token", title: "read" },
			{ field: "layer", title: "after" },
			{ field: "guess" },
			{ field: "probability", format: ".3f" },
		],
	},
};

const frames = {
	transform: [{ filter: "datum.right" }],
	mark: { type: "rect", filled: false, stroke: ink.accent, strokeWidth: 1.5 },
};

const guesses = {
	mark: { type: "text", fontSize: 10 },
	encoding: {
		text: { field: "guess", type: "nominal" },
		color: {
			condition: { test: "datum.probability > 0.7", value: "white" },
			value: ink.text,
		},
	},
};
