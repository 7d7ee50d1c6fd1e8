import { FEW_UNITS } from "../dataset";
import type { ProbeResult, ProbeScore, ProbeSettings } from "../probe";
import { isAbove, type Measured, percent, several } from "../say";
import { known, listOf } from "./check";
import { inputsOf, type ScoreBar, scoreBars } from "./score-bars";
import { type Chart, chart, clip, clipAll } from "./theme";

/**
 * What a linear classifier reads: accuracy on the test split from latents and raw activations, and from all that they
 * must beat: as many top channels, a random SAE, an untrained model, a bag of words, always naming the most frequent
 * class; with 95 % intervals. Takes one result or several (at most 12 are drawn), one group of bars for each label.
 */
export function probe(results: ProbeResult | ProbeResult[]): Chart {
	const list = listOf("probe", results, "probe", "probe");
	const drawn = list.slice(0, 12);
	const labels = clipAll(namesOf(drawn), 32);
	const values = drawn.flatMap((result, i) =>
		inputsOf(result).flatMap(({ key, name }): ScoreBar[] => {
			const score = result[key];
			if (!score) return [];
			const [low, high] = score.interval;
			return [
				{
					group: labels[i],
					input: name,
					value: known(score.accuracy),
					low: known(low),
					high: known(high),
					n: score.n_test,
					columns: score.columns,
				},
			];
		}),
	);
	const bars = scoreBars(values, {
		x: "accuracy on the test split (whisker: 95% interval)",
		group: "label",
		rows: `test ${rowOf(drawn)}s`,
		format: ".1%",
	});
	return chart({
		title: {
			text: titleOf(drawn),
			subtitle: subtitleOf(list, drawn.length),
		},
		...bars,
	});
}

/** The labels; where one is read more than once, with what tells the results apart, in the end their number. */
export function namesOf(list: ProbeResult[]): string[] {
	const names = list.map((result) => {
		const same = list.filter(({ label }) => label === result.label);
		const differ = (of: (r: ProbeResult) => unknown) =>
			new Set(same.map(of)).size > 1;
		return [
			clip(result.label, 30),
			differ((r) => r.hook_name) && result.hook_name,
			differ((r) => r.unit) && `${result.unit}s`,
			differ((r) => r.pool) && result.pool,
			differ((r) => r.k) && (result.k ? `k = ${result.k}` : "all"),
			differ((r) => r.seed) && `seed ${result.seed}`,
		]
			.filter(Boolean)
			.join(" · ");
	});
	return names.map((name, i) => {
		const nth = names.slice(0, i).filter((other) => other === name).length;
		return nth ? `${name} · ${nth + 1}` : name;
	});
}

/** What a row is. */
export function rowOf(list: Pick<ProbeSettings, "unit">[]): string {
	const units = [...new Set(list.map(({ unit }) => unit))];
	return units.length === 1 ? units[0] : "row";
}

/**
 * A sentence's beginning on a test of fewer than 30 sentences, or of fewer different texts or groups, which says little
 * whatever the number is; undefined where there are enough.
 */
export function fewOf({
	unit,
	n_test,
	n_test_sentences = n_test,
	split,
}: ProbeSettings): string | undefined {
	const units = split?.units?.test ?? n_test_sentences; // older records say less
	const n = Math.min(n_test_sentences, units);
	if (n >= FEW_UNITS) return undefined;
	const rows = several(n_test, `test ${unit}`);
	const unit_of = split?.by === "text and group" ? "group" : "text";
	const of = n < n_test ? ` of ${several(n, unit_of)}` : "";
	return `${rows}${of} ${n_test === 1 ? "says" : "say"} little`;
}

/** How many different texts (or groups) a test row is worth: 1, less where rows are tokens or copies. */
export function worthOf({
	n_test,
	n_test_sentences = n_test,
	split,
}: ProbeSettings): number {
	const units = split?.units?.test ?? n_test_sentences; // older records say less
	return n_test > 0 ? Math.min(1, units / n_test) : 1;
}

/** What is read and what it must beat, of latents where there are such, else of activations. */
interface Read {
	name: string;
	score: ProbeScore;
	rivals: { name: string; score: ProbeScore }[];
}

function titleOf(list: ProbeResult[]): string {
	const names = namesOf(list);
	const latents = list.every((result) => result.latents);
	const of = latents ? "SAE latents" : "Activations";
	const read = list.map((result, i): Read => {
		const score = (latents && result.latents) || result.activations;
		const rivals = inputsOf(result).flatMap(({ key, name }) => {
			const rival = result[key];
			const own = key === "latents" || key === "activations";
			return rival && !own ? [{ name, score: rival }] : [];
		});
		return { name: `“${clip(names[i], 24)}”`, score, rivals };
	});
	if (!read.every(({ score }) => Number.isFinite(score.accuracy)))
		return `What ${of} tell of ${clip(read.map(({ name }) => name).join(", "), 60)}`;
	if (read.length === 1) return titleOfOne(of, read[0], list[0]);
	const ahead = read.filter(({ score, rivals }) =>
		rivals.every((rival) => isAbove(measured(score), measured(rival.score))),
	).length;
	const labels = new Set(list.map(({ label }) => label));
	const what = labels.size === list.length ? "labels" : "probes";
	return `${of} beat every baseline for ${ahead} of ${list.length} ${what} for sure`;
}

/** What the intervals leave open is said not to be sure. */
function titleOfOne(
	of: string,
	{ name, score, rivals }: Read,
	result: ProbeResult,
): string {
	const { accuracy, interval } = score;
	const [low, high] = interval;
	const rows = `test ${result.unit}`;
	const few = fewOf({ ...result, n_test: score.n_test });
	if (few)
		return `${few} of ${name}: ${of} ${percent(accuracy)} right, interval ${percent(low)} to ${percent(high)}`;
	const [best] = [...rivals].sort(
		(a, b) => b.score.accuracy - a.score.accuracy,
	);
	const told = `${of} tell ${name} in ${percent(accuracy)} of ${rows}s`;
	if (!best) return told;
	const [own, rival] = [measured(score), measured(best.score)];
	const than = isAbove(own, rival)
		? "more than"
		: isAbove(rival, own)
			? "less than"
			: "not for sure more than";
	return `${told}, ${than} ${best.name} (${percent(best.score.accuracy)})`;
}

function measured({ accuracy, interval }: ProbeScore): Measured {
	return { value: accuracy, interval };
}

function subtitleOf(list: ProbeResult[], drawn: number): string {
	const cut =
		drawn < list.length ? `the first ${drawn} of ${list.length}; ` : "";
	return `${cut}${settingsOf(list.slice(0, drawn))}`;
}

/** Where and of what the probes were, and how many test rows there are. */
export function settingsOf(list: ProbeSettings[]): string {
	const hooks = [...new Set(list.map((r) => r.hook_name))];
	const before = [...new Set(list.map((r) => r.before))];
	const pools = [...new Set(list.map((r) => r.pool))];
	const tests = [...new Set(list.map((r) => r.n_test))];
	const text =
		before[0] && before.length === 1 ? `, text before ${before[0]}` : "";
	const pool =
		pools[0] && pools.length === 1 ? `, ${pools[0]} over the tokens` : "";
	const from = [...new Set(list.map((r) => r.n_test_sentences))];
	const of =
		from[0] && from.length === 1 ? ` of ${several(from[0], "sentence")}` : "";
	const n =
		tests.length === 1
			? `, ${several(tests[0], `test ${rowOf(list)}`)}${of}`
			: "";
	return clip(`${hooks.join(", ")}${pool}${text}${n}`, 110);
}
