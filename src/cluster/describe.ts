import {
	type Activations,
	type Counted,
	type Matrix,
	takeRows,
} from "../activations";
import type { Latents } from "../sae";
import { topIndices } from "../top";
import {
	activatingSpans,
	scoreByActivations,
	scoreByLatents,
} from "./activating";
import { principalComponents } from "./components";
import { distancesToOwn } from "./distances";
import { agreements, enrichment } from "./enrichment";
import type { Partition } from "./kmeans";
import { sizesOf } from "./largest-first";
import { markingLatents, markingTokens } from "./marks";
import type { Clustering } from "./result";
import { type ScaledRows, silentRows } from "./rows";
import { silhouette } from "./silhouette";
import type { Units } from "./units";

/** Sentences that stand for a cluster, and that lie at its edge. */
const LISTED = 5;

/** What a clustering was made of, and what k-means found. */
export interface Found {
	source: Latents | Activations;
	counted: Counted;
	pool: Clustering["pool"];
	pooled: Matrix;
	scaled: ScaledRows;
	partition: Partition;
	units: Units;
	k: number;
	seed: number;
}

/** What the clusters are: all of a `Clustering` that follows from the partition. */
export async function describe(found: Found) {
	const { source, counted, pooled, scaled, partition, units, k, seed } = found;
	const { assignment, centres } = partition;
	const acts = source.kind === "latents" ? source.acts : source;
	const { labels } = acts.sentences;
	const silent = silentRows(scaled.x);
	const distance = distancesToOwn(scaled.x, assignment, centres).map((d, i) =>
		silent[i] ? Number.NaN : d,
	);
	const exemplars = listed(distance, assignment, units, k, "nearest");
	const marks =
		source.kind === "latents"
			? markingLatents(pooled, assignment, units.unit, k)
			: [];
	return {
		sizes: sizesOf(assignment, k),
		silent: silent.reduce((sum, one) => sum + one, 0),
		silhouette: await silhouette(
			takeRows(scaled.x, units.first),
			units.first.map((i) => assignment[i]),
			{ seed },
		),
		agreement: agreements(assignment, labels, units),
		exemplars,
		farthest: listed(distance, assignment, units, k, "farthest"),
		marks,
		tokens: markingTokens(
			acts,
			counted.keep,
			units,
			(row) => assignment[acts.rows.sentence[row]],
			k,
		),
		activating: await activating(found, exemplars, marks),
		enrichment: enrichment(assignment, labels, units, k),
		projection: await project(found),
	};
}

/**
 * Of each cluster the texts nearest its centre, nearest first, or the farthest, farthest first; each by its first sentence
 * there. Distances that are NaN take no part.
 */
function listed(
	distance: Float64Array,
	assignment: Uint32Array,
	{ text }: Units,
	k: number,
	which: "nearest" | "farthest",
): Clustering["exemplars"] {
	const sign = which === "nearest" ? -1 : 1;
	return Array.from({ length: k }, (_, cluster) => {
		const met = new Set<number>();
		const own = distance.map((d, i) => {
			if (assignment[i] !== cluster || met.has(text[i])) return Number.NaN;
			met.add(text[i]);
			return sign * d;
		});
		return topIndices(own, LISTED).map((sentence) => ({
			cluster,
			sentence,
			distance: distance[sentence],
		}));
	}).flat();
}

async function activating(
	{ source, counted, pool, scaled, partition, k }: Found,
	exemplars: Clustering["exemplars"],
	marks: Clustering["marks"],
): Promise<Clustering["activating"]> {
	const acts = source.kind === "latents" ? source.acts : source;
	const score =
		source.kind === "latents"
			? scoreByLatents(source, marks, scaled.factor)
			: await scoreByActivations(
					acts,
					new Set(exemplars.map(({ sentence }) => sentence)),
					directions(partition, scaled, k),
					scaled.offset,
				);
	const part = pool === "last" ? lastOnly(acts, counted) : counted;
	return activatingSpans(acts, part, exemplars, score);
}

/** Where only a sentence's last token made its row, no other can speak for its cluster. */
function lastOnly(acts: Activations, { keep, tokens }: Counted): Counted {
	const last = new Float64Array(tokens.length);
	for (let row = 0; row < keep.length; row++)
		if (keep[row]) last[acts.rows.sentence[row]] = row;
	const only = keep.map((_, row) =>
		Number(keep[row] && last[acts.rows.sentence[row]] === row),
	);
	return { keep: only, tokens: tokens.map(() => 1) };
}

/** From the mean of all rows to each centre, in the units of the activations. */
function directions(
	{ assignment, centres }: Partition,
	{ factor }: ScaledRows,
	k: number,
): Float64Array[] {
	const d = factor.length;
	const share = sizesOf(assignment, k).map((size) => size / assignment.length);
	const mean = Float64Array.from(factor, (_, j) =>
		share.reduce((sum, s, c) => sum + s * centres[c * d + j], 0),
	);
	return Array.from({ length: k }, (_, c) =>
		factor.map((f, j) => f * (centres[c * d + j] - mean[j])),
	);
}

function project({
	scaled: { x },
	partition: { centres },
	k,
	seed,
}: Found): Promise<Clustering["projection"]> {
	// Two centres or one lie on a line: then the rows' own components show more.
	if (k < 3) return principalComponents(x, seed);
	const { columns } = x;
	const spread: Matrix = { kind: "dense", rows: k, columns, data: centres };
	return principalComponents(x, seed, spread);
}
