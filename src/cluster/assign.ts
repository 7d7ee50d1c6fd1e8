import type { Activations } from "../activations";
import { listenTo } from "../interrupt";
import type { Latents } from "../sae";
import { rowsOfSentences } from "./cluster";
import { agreements } from "./enrichment";
import { nearestCentres } from "./kmeans";
import { sizesOf } from "./largest-first";
import type { ClusterAssignment, Clustering } from "./result";
import { intoSpace, silentRows } from "./rows";
import { unitsIn } from "./units";

/**
 * Puts new sentences into the clusters that were found for others: their rows are made, cut and scaled as those of the
 * clustering were, and each goes to the nearest centre (of equals the first).
 *
 * `signal`: ends the work, with the signal's reason as error. Default: the notebook's interrupt.
 *
 * Throws where the source is of another kind, model, hook or width than the clustering's, where the sentences have not the
 * offsets column that it was cut at, when no latent fires, and when numbers are not finite.
 */
export async function assignSentences(
	clustering: Clustering,
	source: Latents | Activations,
	options: { signal?: AbortSignal } = {},
): Promise<ClusterAssignment> {
	const signal = listenTo(options.signal);
	const acts = source.kind === "latents" ? source.acts : source;
	check(clustering, source, acts);
	const { k, pool, before, space, centres } = clustering;
	const pooled = await rowsOfSentences(source, {
		pool,
		...(before !== undefined && { before }),
		...(signal && { signal }),
	});
	const x = intoSpace(pooled, space);
	const found = await nearestCentres(x, centres, k);
	const { assignment } = found;
	const units = unitsIn(acts.sentences);
	return {
		kind: "cluster-assignment",
		k,
		hook_name: acts.hook_name,
		sentences: acts.sentences,
		...units.told,
		assignment,
		distance: found.distance.map(Math.sqrt),
		sizes: sizesOf(assignment, k),
		silent: silentRows(x).reduce((sum, one) => sum + one, 0),
		agreement: agreements(assignment, acts.sentences.labels, units),
	};
}

function check(
	clustering: Clustering,
	source: Latents | Activations,
	{ hook_name, model }: Activations,
): void {
	if (source.kind !== clustering.source)
		throw new Error(
			`The clustering is of ${clustering.source}, and was given ${source.kind}; give the ${clustering.source} of the new sentences.`,
		);
	const { model_fingerprint, model_name } = clustering;
	const known = model_fingerprint && model.fingerprint;
	if (known && model_fingerprint !== model.fingerprint)
		throw new Error(
			`The clustering is of the model "${model_name}", and the new sentences were read by ${model_name === model.name ? "another of that name, whose weights differ" : `"${model.name}"`}: extract them with the same model.`,
		);
	if (hook_name !== clustering.hook_name)
		throw new Error(
			`The clustering is of ${clustering.hook_name}, and was given ${hook_name}; extract the new sentences there.`,
		);
	const columns = clustering.centres.length / clustering.k;
	const own = source.kind === "latents" ? source.d_sae : source.d_in;
	if (own !== columns)
		throw new Error(
			`The clustering has ${columns} columns, and the new rows have ${own}; use the same model and the same autoencoder.`,
		);
}
