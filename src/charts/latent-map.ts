import type { LatentClustering } from "../cluster";
import { random } from "../random";
import { count, fixed, several, winner } from "../say";
import { byCluster, clusterNames, mapAxis } from "./by-cluster";
import { checkKind, known, sampleOf } from "./check";
import { type Chart, chart, clip, ink } from "./theme";

const most_names = 40;
const most_in_legend = 12; // of more the names on the map say which is which
const size = { width: 600, height: 460 };

/**
 * Where the latents lie, coloured by their cluster: point at one to read its number and the token that it fires on most.
 * At the middle of each cluster stands its number with the tokens (else the numbers) of the members nearest its mean
 * direction, which have a dark rim; where there is no room the number alone, or nothing, the smaller cluster giving way.
 * At most `sample` latents are drawn (default: 2,000), a seeded sample and all such members.
 */
export function latentMap(
	clustering: LatentClustering,
	options: { sample?: number } = {},
): Chart {
	checkKind("latentMap", clustering, "latent-clusters", "clusterLatents");
	const { latents, map, tokens, assignment, k } = clustering;
	if (!latents.length)
		throw new Error(
			"charts.latentMap was given no latents: none fired; train longer or give more sentences.",
		);
	const cosine = new Map(
		clustering.members.map((m) => [m.latent, m.cosine] as const),
	);
	const values = sampled(
		clustering,
		sampleOf("latentMap", options.sample, 2000),
	).map((i) => ({
		x: known(map[i][0]),
		y: known(map[i][1]),
		cluster: assignment[i],
		latent: latents[i],
		...(tokens && { token: written(tokens[i]) }),
		...(cosine.has(latents[i]) && { cosine: known(cosine.get(latents[i])) }),
	}));
	const encoding = {
		x: mapAxis("x", `first dimension (${methods[clustering.map_method]})`),
		y: mapAxis("y", `second dimension (${methods[clustering.map_method]})`),
		...byCluster(k, k > most_in_legend ? false : undefined),
		tooltip: [
			{ field: "latent" },
			{ field: "token", title: "fires most on" },
			{ field: "cluster" },
			{ field: "cosine", title: "cosine with the mean", format: ".3f" },
		],
	};
	return chart({
		title: {
			text: titleOf(clustering),
			subtitle: subtitleOf(clustering, values.length),
		},
		...size,
		layer: [
			{
				data: { values },
				mark: {
					type: "point",
					filled: true,
					size: values.length > 800 ? 16 : 34,
					opacity: 0.6,
				},
				encoding,
			},
			{
				data: { values },
				transform: [{ filter: "isValid(datum.cosine)" }],
				mark: {
					type: "point",
					filled: true,
					stroke: ink.text,
					strokeWidth: 1,
					size: 44,
					opacity: 1,
				},
				encoding,
			},
			...clusterNames(
				clustering,
				Array.from({ length: Math.min(k, most_names) }, (_, c) =>
					nameOf(clustering, c),
				),
				size,
				11,
			),
		],
	});
}

const methods = { pca: "PCA", umap: "UMAP" };

/** Which of the latents are drawn, in the order in which they are. */
function sampled(
	{ latents, members, seed }: LatentClustering,
	most: number,
): number[] {
	const member = new Set(members.map(({ latent }) => latent));
	const order = random(seed).shuffle([...latents.keys()]);
	const own = order.filter((i) => member.has(latents[i]));
	const others = order.filter((i) => !member.has(latents[i]));
	return [...others.slice(0, Math.max(0, most - own.length)), ...own];
}

/** "3: soup, bread", or "3: 17, 204". */
function nameOf(
	{ members, latents, tokens }: LatentClustering,
	cluster: number,
): string {
	const own = members.filter((m) => m.cluster === cluster);
	const words = own.map(({ latent }) =>
		tokens ? written(tokens[latents.indexOf(latent)] ?? "") : String(latent),
	);
	const two = [...new Set(words.filter(Boolean))].slice(0, 2).join(", ");
	return two ? `${cluster}: ${two}` : String(cluster);
}

function written(token: string): string {
	return clip(token, 12);
}

const by_what = {
	decoder: "the direction they write",
	coactivation: "where they fire together",
};

function titleOf(clustering: LatentClustering): string {
	const { k, by, tightness, sizes } = clustering;
	// A single latent is as tight as can be.
	const several_latents = [...tightness.keys()]
		.filter((c) => sizes[c] > 1 && Number.isFinite(tightness[c]))
		.map((cluster) => ({ cluster, value: tightness[cluster] }));
	const tightest = winner(several_latents, (one) => one);
	const end = tightest
		? `; tightest: “${nameOf(clustering, tightest.cluster)}” (${fixed(tightest.value, 2)})`
		: "";
	return `${several(k, "cluster")} of latents by ${by_what[by]}${end}`;
}

function subtitleOf(c: LatentClustering, drawn: number): string {
	const finite = c.tightness.filter(Number.isFinite);
	const mean = finite.reduce((a, b) => a + b, 0) / finite.length;
	const cut = drawn < c.latents.length ? ` (${count(drawn)} drawn)` : "";
	return `${several(c.latents.length, "latent")}${cut} of ${c.hook_name}, ${c.method}; cosine with the cluster's direction ${fixed(mean, 2)} (mean of ${count(finite.length)})`;
}
