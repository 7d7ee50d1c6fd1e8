import type { ClusterCounts } from "./result";

type Row = ClusterCounts["rows"][number];

/** Standard errors by which a gap must exceed that of one group. */
const ERRORS = 2;
/** Jaccard index from which a cluster is stable (Hennig 2007). */
const STABLE = 0.75;
/** Stabilities that lie no further apart are the same. */
const SAME = 0.01;

/** What the rows, of which the first is k = 1, speak for; the rule is told at `howManyClusters`. */
export function recommend(
	rows: Row[],
): Pick<ClusterCounts, "choices" | "recommended" | "reason"> {
	const [single, ...several] = rows;
	const beyond = several.filter(
		({ gap, gap_error }) => gap > single.gap + ERRORS * gap_error,
	);
	const best = beyond.filter(({ weakest = 0 }) => weakest >= STABLE).pop();
	return {
		choices: {
			gap: gapChoice(rows),
			...known(
				"silhouette",
				highest(several, (row) => row.silhouette, 0),
			),
			...known(
				"stability",
				highest(several, (row) => row.stability, SAME),
			),
		},
		recommended: best?.k ?? 1,
		reason: reasonFor(several, beyond, single, best),
	};
}

/** Tibshirani's: the first k whose gap is at least the next one's less its error; the last where none is. */
function gapChoice(rows: Row[]): number {
	const first = rows.findIndex(
		({ gap }, i) =>
			i + 1 === rows.length || gap >= rows[i + 1].gap - rows[i + 1].gap_error,
	);
	return rows[first].k;
}

/** The largest k whose value is the highest, or less by at most `same`; undefined where the value is known of none. */
function highest(
	rows: Row[],
	value: (row: Row) => number,
	same: number,
): number | undefined {
	const most = Math.max(...rows.map(value).filter(Number.isFinite));
	return rows.filter((row) => value(row) >= most - same).pop()?.k;
}

function known<Name extends string>(name: Name, k: number | undefined) {
	return (k === undefined ? {} : { [name]: k }) as { [of in Name]?: number };
}

function reasonFor(
	several: Row[],
	beyond: Row[],
	single: Row,
	best: Row | undefined,
): string {
	if (!several.length) return "Nothing but one group was tried.";
	const tried =
		several.length > 1
			? `${several[0].k} to ${several[several.length - 1].k}`
			: `${several[0].k}`;
	if (best) {
		const weakest = fixed(best.weakest ?? Number.NaN);
		return `${best.k} is the largest number tried at which every cluster is found again in resampled sentences (Jaccard index of the weakest ${weakest}, where ${STABLE} is asked) and which tells more than the same cut of data without clusters (gap ${fixed(best.gap)}, and ${fixed(single.gap)} for one group).`;
	}
	if (!beyond.length)
		return `No clusters: none of the numbers tried (${tried}) has a gap more than ${ERRORS} standard errors above that of one group, so data without clusters are cut as well.`;
	const surest = beyond.reduce((a, b) =>
		(b.weakest ?? 0) > (a.weakest ?? 0) ? b : a,
	);
	return `No clusters that hold still: the sentences are not mere noise (gap ${fixed(surest.gap)} at k = ${surest.k}, and ${fixed(single.gap)} for one group), but of the numbers tried (${tried}) none finds each of its clusters again in resampled sentences (at best a Jaccard index of the weakest of ${fixed(surest.weakest ?? 0)}, where ${STABLE} is asked).`;
}

const fixed = (x: number) => x.toFixed(2);
