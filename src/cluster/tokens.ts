import {
	type Activations,
	checkValues,
	inSentence,
	LEAVE_OUT,
} from "../activations";
import { NotFinite } from "../finite";
import { turns, untilInterrupted } from "../interrupt";
import { reportProgress } from "../progress";
import { checkMetric, checkSeed, checkWhole } from "./cluster";
import { largestFirst } from "./largest-first";
import { markingTokens } from "./marks";
import { asRows, learn, nearestOf, PROGRESS } from "./mini-batch";
import type { TokenClustering } from "./result";
import { type Units, unitsIn } from "./units";

export interface TokenClusterOptions {
	/** How many clusters. Default: 10. */
	k?: number;
	/** "euclidean" (default), or "spherical": tokens and centres have the length 1, and what counts is the cosine. */
	metric?: TokenClustering["metric"];
	/** Tokens a step. Default: 4096. */
	batch_size?: number;
	/** How often every token is seen before the last pass. Default: 3. */
	epochs?: number;
	/** Default: 0. The same seed gives the same result. */
	seed?: number;
	/** Ends the epochs, see `clusterTokens`. Default: the notebook's interrupt. */
	signal?: AbortSignal;
}

/** What `learn` needs to know. */
export type Settings = Required<Omit<TokenClusterOptions, "signal">> & {
	signal?: AbortSignal | undefined;
};

/**
 * Groups tokens by mini-batch k-means (Sculley 2010), for activations that need not fit in memory: besides the batch at
 * hand there are the centres, one number a token, and, from disk, the buffer that mixes the batches. It starts from k-means
 * (three k-means++ starts) on the first batch, of 20·k tokens at least. Then each token pulls its nearest centre by 1 over
 * the number of tokens that the centre has had. A centre that wins none of 1,000·k tokens in a row is put on a token drawn
 * in proportion to its squared distance from the others. A last pass, in order, gives each token its nearest centre and
 * sums the inertia in 64 bits.
 *
 * The activations are taken in their own units, so that tokens whose activations are long (in GPT-2 the first of each
 * context) count most; with the metric "spherical" all have the length 1. Every row is grouped, those of BOS and EOS too
 * where they were extracted (`include_bos`).
 *
 * On `signal` the epochs end, the last pass is made all the same, and the result is marked `stopped: "interrupted"`;
 * before the start is found, the signal's reason is thrown.
 *
 * Throws when k, batch_size or epochs is no whole number from 1 on, when there are fewer tokens than k or fewer that
 * differ, when the metric is unknown, and when numbers are not finite.
 */
export function clusterTokens(
	acts: Activations,
	options: TokenClusterOptions = {},
): Promise<TokenClustering> {
	return untilInterrupted(options.signal, (signal) => {
		const { k = 10, batch_size = 4096, epochs = 3, seed = 0 } = options;
		const { metric = "euclidean" } = options;
		const settings = { k, metric, batch_size, epochs, seed, signal };
		return clusterUntil(acts, settings);
	});
}

async function clusterUntil(
	acts: Activations,
	settings: Settings,
): Promise<TokenClustering> {
	const started = performance.now();
	const { k, metric, batch_size, epochs, seed } = settings;
	check(acts, settings);
	const { learnt, found } = await groups(acts, settings).catch(
		async (error) => {
			if (error instanceof NotFinite) await locate(acts);
			throw error;
		},
	);
	const { centres } = learnt;
	const units = unitsIn(acts.sentences);
	const named = largestFirst({ assignment: found.assignment, centres }, k);
	return {
		kind: "token-clusters",
		k,
		metric,
		hook_name: acts.hook_name,
		...named,
		inertia: found.inertia,
		tokens: marks(acts, named.assignment, units, k),
		copies: units.told.copies,
		...{ batches: learnt.batches, batch_size, epochs },
		seed,
		...(learnt.stopped && { stopped: learnt.stopped }),
		seconds: (performance.now() - started) / 1000,
	};
}

async function groups(acts: Activations, settings: Settings) {
	const learnt = await learn(acts, settings);
	return { learnt, found: await lastPass(acts, learnt.centres, settings) };
}

/** Throws where a number is not finite, with its sentence: a batch of mixed rows does not tell. */
async function locate(acts: Activations): Promise<void> {
	const { d_in } = acts;
	let first = 0;
	for await (const data of acts.batches()) {
		const n = data.length / d_in;
		checkValues(
			{ kind: "dense", rows: n, columns: d_in, data },
			(row) => inSentence("activations", acts, acts.rows.sentence[first + row]),
			LEAVE_OUT,
		);
		first += n;
	}
}

function check(
	acts: Activations,
	{ k, metric, batch_size, epochs, seed }: Settings,
): void {
	if (acts.kind !== "activations")
		throw new Error(
			"clusterTokens groups activations, and was given something else; of latents give latents.acts.",
		);
	checkMetric(metric);
	checkSeed(seed);
	for (const [name, value] of Object.entries({ k, batch_size, epochs }))
		checkWhole(name, value, 1);
	if (k > acts.n_tokens)
		throw new Error(
			`k is ${k}, but there are only ${acts.n_tokens} tokens; give a smaller k or more sentences.`,
		);
}

/** The nearest centre of every token, in order. */
async function lastPass(
	acts: Activations,
	centres: Float32Array,
	{ metric, batch_size, epochs }: Settings,
): Promise<{ assignment: Uint32Array; inertia: number }> {
	const d = acts.d_in;
	const n = acts.n_tokens;
	const assignment = new Uint32Array(n);
	let inertia = 0;
	let row = 0;
	const turn = turns();
	for await (const batch of acts.batches({ size: batch_size })) {
		await turn();
		const x = asRows(batch, d, metric);
		const { assignment: nearest } = await nearestOf(x, centres);
		assignment.set(nearest, row);
		for (let i = 0; i < nearest.length; i++)
			for (let j = 0; j < d; j++)
				inertia += (x.data[i * d + j] - centres[nearest[i] * d + j]) ** 2;
		row += nearest.length;
		const [done, total] = [epochs * n + row, (epochs + 1) * n];
		reportProgress({ ...PROGRESS, done, total });
	}
	return { assignment, inertia };
}

/** What marks the clusters, each token counted by itself; tokens without text (BOS, EOS) do not count. */
function marks(
	acts: Activations,
	assignment: Uint32Array,
	units: Units,
	k: number,
): TokenClustering["tokens"] {
	const { start, end } = acts.rows;
	const keep = Uint8Array.from(end, (at, row) => Number(at > start[row]));
	return markingTokens(acts, keep, units, (row) => assignment[row], k);
}
