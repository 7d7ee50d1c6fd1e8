import type { TagsResult } from "../probe";
import { fixed, percent } from "../say";
import { checkKind, known } from "./check";
import { fewOf, settingsOf } from "./probe";
import { inputs, type ScoreBar, scoreBars } from "./score-bars";
import { type Chart, chart, clip, clipAll } from "./theme";

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
			? `drawn: the ${drawn.length} of ${tags.length} tags with the highest F1 on these rows`
			: "";
	return chart({
		title: {
			text: titleOf(result),
			subtitle: [exactOf(result), cut, settingsOf([result])].filter(Boolean),
		},
		...scoreBars(values, {
			x: "macro F1 on the test split (whisker: 95% interval)",
			group: "tag",
			rows: `test ${result.unit}s`,
			format: ".2f",
		}),
	});
}

function titleOf(result: TagsResult): string {
	const { label, overall } = result;
	const of = overall.latents ? "SAE latents" : "Activations";
	const score = overall.latents ?? overall.activations;
	if (!score) return `How well each of “${clip(label, 24)}” is read`;
	const words = overall.bag_of_words
		? ` (bag of words ${fixed(overall.bag_of_words.micro_f1, 2)})`
		: "";
	const few = fewOf(result);
	if (few)
		return `${few} of how “${clip(label, 24)}” is read: micro F1 ${fixed(score.micro_f1, 2)}`;
	return `${of} read “${clip(label, 24)}” with a micro F1 of ${fixed(score.micro_f1, 2)}${words}`;
}

/** How often nothing is wrong. */
function exactOf({ overall, unit }: TagsResult): string {
	const score = overall.latents ?? overall.activations;
	return score
		? `all tags of a ${unit} are right in ${percent(score.exact_match)} of test ${unit}s`
		: "";
}
