import type { Matrix } from "../activations";
import { turns } from "../interrupt";
import { reportProgress } from "../progress";
import { random } from "../random";
import { topIndices } from "../top";
import { cosines } from "./cosines";

type Places = [number, number][];

/** Each row's neighbours, itself among them. */
const NEIGHBOURS = 15;
/** The start of the layout lies within ± this, as the library's own random one does. */
const REACH = 10;

/**
 * Rows of length 1 laid out in the plane by UMAP (McInnes, Healy & Melville 2018) of the npm library umap-js, with its
 * defaults but for two things: the 15 nearest neighbours are exact, by cosine distance, and so rows may be sparse; and
 * the layout begins at `start`, so that the large distances mean something too. On `signal` it ends after the epoch at
 * hand; undefined where that is before the first.
 *
 * Throws where there are fewer than three rows.
 */
export async function umap(
	x: Matrix,
	{
		start,
		seed,
		signal,
	}: {
		start: Places /* [rows] */;
		seed: number;
		signal: AbortSignal | undefined;
	},
): Promise<{ map: Places; stopped?: "interrupted" } | undefined> {
	if (x.rows < 3)
		throw new Error(
			`UMAP was given ${x.rows} latents, and it needs at least 3; give map: "pca".`,
		);
	const nNeighbors = Math.min(NEIGHBOURS, x.rows - 1);
	const { indices, distances } = await nearestNeighbours(x, nNeighbors);
	if (signal?.aborted) return;
	// The library is loaded only when it is asked for.
	const { UMAP } = await import("umap-js");
	const draw = random(seed);
	const layout = new UMAP({ nNeighbors, random: draw.uniform });
	layout.setPrecomputedKNN(indices, distances);
	// With the neighbours given, it only counts the rows.
	const total = layout.initializeFit(indices);
	const places = layout.getEmbedding();
	scaled(start).forEach((place, i) => {
		// A touch of noise, or equal rows could not part.
		for (const j of [0, 1]) places[i][j] = place[j] + 1e-3 * draw.normal();
	});
	const turn = turns();
	let done = 0;
	while (done < total && !signal?.aborted) {
		done = layout.step();
		reportProgress({ label: "UMAP", done, total, unit: "epochs" });
		await turn();
	}
	return {
		map: places.map(([a, b]) => [a, b]),
		...(done < total && { stopped: "interrupted" as const }),
	};
}

/** To within ± REACH, the shape kept. */
function scaled(places: Places): Places {
	const far = places.reduce(
		(most, [a, b]) => Math.max(most, Math.abs(a), Math.abs(b)),
		0,
	);
	const factor = far > 0 ? REACH / far : 0;
	return places.map(([a, b]) => [a * factor, b * factor]);
}

/** Of each row the k nearest by cosine, itself first, with 1 − cos. */
async function nearestNeighbours(x: Matrix, k: number) {
	const indices: number[][] = [];
	const distances: number[][] = [];
	for await (const own of cosines(x)) {
		own[indices.length] = Number.POSITIVE_INFINITY;
		const nearest = topIndices(own, k);
		indices.push(nearest);
		distances.push(nearest.map((i) => Math.max(0, 1 - own[i])));
	}
	return { indices, distances };
}
