import type { TagsResult } from "../probe";
import { checkKind, known } from "./check";
import { settingsOf } from "./probe";
import { inputs, type ScoreBar, scoreBars } from "./score-bars";
import { type Chart, chart, clip, clipAll, fixed, percent } from "./theme";

const most_tags = 15;

/**
 * How well each of several labels is read: F1, the mean of having the tag and of not having it, with 95 % intervals, from
 * latents, activations, a bag of words and the majority; the best read first, at most 15 tags.
 */
export function tagsProbe(result: TagsResult): Chart {
	checkKind("tagsProbe", result, "tags-probe", "probeTags");
	if (!result.scores.length)
		throw new Error(
			"charts.tagsProbe was given a result without tags: probeTags needs at least one.",
		);
	const f1 = (s: TagsResult["scores"][number]) =>
		(s.latents ?? s.activations).macro_f1;
	const tags = clipAll(
		result.scores.map(({ tag }) => tag),
		32,
	);
	const drawn = result.scores
		.map((scores, i) => ({ scores, tag: tags[i] }))
		.sort((a, b) => f1(b.scores) - f1(a.scores))
		.slice(0, most_tags);
	const values = drawn.flatMap(({ scores, tag }) =>
		inputs.flatMap(({ key, name }): ScoreBar[] => {
			const score = scores[key as "latents"];
			if (!score || !Number.isFinite(score.macro_f1)) return [];
			const [low, high] = score.intervals.macro_f1;
			const { macro_f1: value, n_test: n, columns } = score;
			return [
				{
					...{ group: tag, input: name, n, columns },
					value: known(value),
					low: known(low),
					high: known(high),
				},
			];
		}),
	);
	const cut =
		drawn.length < tags.length
			? `drawn: the ${drawn.length} of ${tags.length} tags that are read best`
			: "";
	return chart({
		title: {
			text: titleOf(result),
			subtitle: [cut, settingsOf([result])].filter(Boolean),
		},
		...scoreBars(values, {
			x: "macro F1 on the test split (whisker: 95% interval)",
			group: "tag",
			rows: `test ${result.unit}s`,
			format: ".2f",
		}),
	});
}

function titleOf({ label, overall }: TagsResult): string {
	const of = overall.latents ? "SAE latents" : "activations";
	const score = overall.latents ?? overall.activations;
	if (!score) return `How well each of “${clip(label, 24)}” is read`;
	return `${of} read “${clip(label, 24)}” with a micro F1 of ${fixed(score.micro_f1, 2)}; every tag is right for ${percent(score.exact_match)}`;
}
