import type {
	ClusterAssignment,
	ClusterCounts,
	Clustering,
	KMeansSteps,
	LatentClustering,
	TokenClustering,
	UnitCounts,
} from "../../cluster";
import { fixed, several } from "../../say";
import type { Html } from "../html";
import { type Cell, readable, table } from "../table";

/** Each cluster with its size and what marks it. */
export function clustersView(c: Clustering): Html {
	const marked = c.marks.length > 0;
	return table(
		[
			"cluster",
			"sentences",
			"tokens that mark it",
			...(marked ? ["latents that mark it (lift, p)"] : []),
			"nearest sentence",
		],
		c.sizes.map((size, cluster): Cell[] => [
			`${cluster}`,
			size,
			tokensOf(c.tokens, cluster),
			...(marked
				? [
						marking(c.marks, cluster, 3)
							.map(
								({ latent, lift, p_value }) =>
									`${latent} (${fixed(lift, 1)}, ${tiny(p_value)})`,
							)
							.join(", "),
					]
				: []),
			c.sentences.text[
				c.exemplars.find((e) => e.cluster === cluster)?.sentence ?? -1
			],
		]),
		{
			caption: `${several(c.k, "cluster")} of ${c.hook_name} ${c.source} (${c.metric}, ${c.pool}, seed ${c.seed}): silhouette ${fixed(c.silhouette, 3)}; agreement with labels (adjusted Rand index, V-measure) ${agreed(c) || "(no labels)"}${apart(c)}${soFar(c)}`,
		},
	);
}

/** Sentences that do not count as the others do: copies, members of groups, and those without a direction. */
function apart({
	copies,
	silent = 0,
	unit,
	n_units,
	group,
}: UnitCounts & { silent?: number }): string {
	const n = (count: number) => count.toLocaleString("en-US");
	return [
		copies && `copies of another's text among them: ${n(copies)}`,
		unit === "text and group" &&
			`drawn and tested by groups${group ? ` (${group})` : ""}: ${n(n_units)}`,
		silent &&
			`in which no latent fires, or none that varies, and which lie in the nearest cluster all the same: ${n(silent)}`,
	]
		.filter(Boolean)
		.map((note) => `; ${note}`)
		.join("");
}

/** Where new sentences went. */
export function assignmentView(found: ClusterAssignment): Html {
	const { sizes, assignment, distance, sentences } = found;
	const means = sizes.map((size, c) => {
		let sum = 0;
		for (let i = 0; i < assignment.length; i++)
			if (assignment[i] === c) sum += distance[i];
		return size > 0 ? sum / size : undefined;
	});
	return table(
		["cluster", "sentences", "mean distance", "first sentence"],
		sizes.map((size, c): Cell[] => [
			`${c}`,
			size,
			means[c],
			sentences.text[assignment.indexOf(c)],
		]),
		{
			caption: `${several(assignment.length, "sentence")} of ${sentences.name} in ${several(found.k, "cluster")} of ${found.hook_name}; agreement with labels (adjusted Rand index, V-measure) ${agreed(found) || "(no labels)"}${apart(found)}`,
		},
	);
}

/** The three labels that the clusters agree with most. */
function agreed({ agreement }: Pick<Clustering, "agreement">): string {
	return Object.entries(agreement)
		.filter(([, { ari }]) => Number.isFinite(ari))
		.sort(([, a], [, b]) => b.ari - a.ari)
		.slice(0, 3)
		.map(
			([label, { ari, v_measure }]) =>
				`${label} ${fixed(ari, 3)}, ${fixed(v_measure, 3)}`,
		)
		.join("; ");
}

/** What speaks for each number of clusters. */
export function clusterCountsView(counts: ClusterCounts): Html {
	return table(
		[
			"clusters (k)",
			"inertia",
			"gap",
			"± error",
			"silhouette",
			"stability",
			"weakest cluster",
			"chosen by",
		],
		counts.rows.map((row): Cell[] => [
			row.k,
			row.inertia,
			row.gap,
			row.gap_error,
			row.silhouette,
			row.stability,
			row.weakest,
			[
				...(["gap", "silhouette", "stability"] as const).filter(
					(name) =>
						counts.choices[name] === row.k && Number.isFinite(row[name]),
				),
				row.k === counts.recommended && "recommended",
			]
				.filter(Boolean)
				.join(", "),
		]),
		{
			caption: `How many clusters of ${several(counts.n_sentences, "sentence")} (${counts.source} of ${counts.hook_name}, ${counts.repeats} samples for each number, seed ${counts.seed}): ${counts.recommended}. ${counts.reason}${apart(counts)}${soFar(counts)}`,
		},
	);
}

/** Each cluster of latents with its size, how tight it is, and the members nearest its direction. */
export function latentClustersView(c: LatentClustering): Html {
	const place = new Map<number, number>();
	if (c.tokens)
		for (const [i, latent] of c.latents.entries()) place.set(latent, i);
	const named = (latent: number) => {
		const token = c.tokens?.[place.get(latent) ?? -1];
		return token === undefined ? `${latent}` : `${latent} “${token.trim()}”`;
	};
	return table(
		[
			"cluster",
			"latents",
			"mean cosine",
			...(c.found_again ? ["found again (Jaccard)"] : []),
			"nearest its direction",
		],
		c.sizes.map((size, cluster): Cell[] => [
			`${cluster}`,
			size,
			c.tightness[cluster],
			...(c.found_again ? [c.found_again[cluster]] : []),
			marking(c.members, cluster, 5)
				.map(({ latent }) => named(latent))
				.join(", "),
		]),
		{
			caption: `${several(c.latents.length, "latent")}${drawnFrom(c)} of ${c.hook_name} in ${several(c.k, "cluster")} by ${c.by === "decoder" ? "decoder direction" : "co-activation"} (${c.method}, seed ${c.seed})${steadiness(c)}${soFar(c)}`,
		},
	);
}

/** A p-value to two digits; what is too small for a number is told as such. */
function tiny(p: number): string {
	return p === 0 ? "< 1e-300" : readable(Number(p.toPrecision(2)));
}

function drawnFrom({ latents, n_candidates }: LatentClustering): string {
	return latents.length < n_candidates
		? `, drawn from ${n_candidates.toLocaleString("en-US")},`
		: "";
}

function steadiness({ stability, repeats }: LatentClustering): string {
	return stability === undefined
		? ""
		: `, stability ${fixed(stability, 2)}${repeats ? ` (ARI of ${several(repeats, "bootstrap fit")})` : ""}`;
}

/** Each step with what it changed. */
export function kMeansStepsView(steps: KMeansSteps): Html {
	return table(
		["step", "sentences that changed their cluster", "inertia"],
		steps.steps.map(({ moved, inertia }, i): Cell[] => [
			`${i}`,
			moved,
			inertia,
		]),
		{
			caption: `k-means of ${several(steps.points.length, "point")} in the plane${ofTexts(steps)}, k = ${steps.k}: ${steps.converged ? "settled" : "not settled"} after ${several(Math.max(0, steps.steps.length - 1), "step")}`,
		},
	);
}

/** Which texts the points are, where not all the sentences. */
function ofTexts({ points, n_texts, copies }: KMeansSteps): string {
	return points.length < n_texts + copies
		? `, drawn from ${n_texts.toLocaleString("en-US")} texts`
		: "";
}

/** Each cluster of tokens with its size and the tokens that mark it. */
export function tokenClustersView(c: TokenClustering): Html {
	return table(
		["cluster", "tokens", "tokens that mark it"],
		c.sizes.map((size, cluster): Cell[] => [
			`${cluster}`,
			size,
			tokensOf(c.tokens, cluster),
		]),
		{
			caption: `${several(c.k, "cluster")} of ${several(c.assignment.length, "token")} of ${c.hook_name}: inertia ${readable(c.inertia)} after ${several(c.batches, "batch", "batches")} (seed ${c.seed})${soFar(c)}`,
		},
	);
}

function soFar({ stopped }: { stopped?: string }): string {
	return stopped ? `; ${stopped}: the best so far` : "";
}

function tokensOf(
	list: { cluster: number; token: string }[],
	cluster: number,
): string {
	return marking(list, cluster, 5)
		.map(({ token }) => token.trim() || JSON.stringify(token))
		.join(" · ");
}

function marking<T extends { cluster: number }>(
	list: T[],
	cluster: number,
	limit: number,
): T[] {
	return list.filter((item) => item.cluster === cluster).slice(0, limit);
}
