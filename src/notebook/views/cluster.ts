import type { Clustering } from "../../cluster";
import type { Html } from "../html";
import { table } from "../table";

/** Each cluster with its size and what marks it. */
export function clustersView(c: Clustering): Html {
	const ari = Object.entries(c.ari)
		.sort((a, b) => b[1] - a[1])
		.slice(0, 3)
		.map(([label, value]) => `${label} ${value.toFixed(3)}`);
	return table(
		[
			"cluster",
			"sentences",
			"tokens that mark it",
			"latents that mark it",
			"nearest sentence",
		],
		c.sizes.map((size, cluster) => [
			cluster,
			size,
			marking(c.tokens, cluster)
				.map(({ token }) => token.trim())
				.join(" · "),
			marking(c.marks, cluster)
				.map(({ latent }) => latent)
				.join(", "),
			c.sentences.text[
				c.exemplars.find((e) => e.cluster === cluster)?.sentence ?? -1
			],
		]),
		{
			caption: `${c.k} clusters of ${c.hook_name} ${c.source}: silhouette ${c.silhouette.toFixed(3)}, adjusted Rand index ${ari.join(", ") || "(no labels)"}${c.stopped ? `; ${c.stopped}: the best so far` : ""}`,
		},
	);
}

function marking<T extends { cluster: number }>(
	list: T[],
	cluster: number,
): T[] {
	return list.filter((item) => item.cluster === cluster).slice(0, 5);
}
