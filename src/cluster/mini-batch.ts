import { type Activations, type DenseMatrix, unitRows } from "../activations";
import { turns } from "../interrupt";
import { reportProgress } from "../progress";
import { random } from "../random";
import { kMeans, nearestCentres } from "./kmeans";
import type { Clustering } from "./result";
import type { Settings } from "./tokens";

/** Tokens a cluster that the start is found on, at least. */
const START_ROWS = 20;
const STARTS = 3;
/** Tokens a cluster in a row, of which a centre that is any use wins one. */
const PATIENCE = 1000;
/** Of the epochs, and of the last pass after them. */
export const PROGRESS = { label: "cluster tokens", unit: "tokens" };

/** Centres that tokens pull. */
interface Pulled {
	/** Mean of all tokens that each has had. */
	means: Float64Array; // [k, d_in]
	/** How many they were. */
	counts: Float64Array; // [k]
	/** Tokens that went by since its last one. */
	idle: Float64Array; // [k]
}

/** The epochs of `clusterTokens`. */
export async function learn(
	acts: Activations,
	settings: Settings,
): Promise<{
	centres: Float32Array; // [k, d_in]
	batches: number;
	stopped?: "interrupted";
}> {
	const { k, metric, batch_size, epochs, seed, signal } = settings;
	const { d_in: d, n_tokens: n } = acts;
	const pulled: Pulled = {
		means: new Float64Array(k * d),
		counts: new Float64Array(k),
		idle: new Float64Array(k),
	};
	const draw = random(seed);
	const turn = turns();
	let first: Float32Array[] | undefined = [];
	let hasty = false;
	let batches = 0;
	let seen = 0;
	for await (const batch of acts.shuffled({ size: batch_size, seed, epochs })) {
		await turn();
		if (first) signal?.throwIfAborted();
		else if (signal?.aborted) break;
		batches++;
		seen += batch.length / d;
		if (first) {
			first.push(batch);
			if (seen < Math.min(n, START_ROWS * k)) continue;
			const x = asRows(joined(first), d, metric);
			first = undefined;
			const found = await start(x, settings);
			hasty = found.stopped !== undefined;
			pull(pulled, x, found.assignment);
		} else {
			const x = asRows(batch, d, metric);
			const found = await nearestOf(x, centresOf(pulled, metric));
			pull(pulled, x, found.assignment);
			moveIdle(
				pulled,
				Math.min(n, PATIENCE * k),
				x,
				found.distance,
				draw.uniform,
			);
		}
		reportProgress({ ...PROGRESS, done: seen, total: (epochs + 1) * n });
	}
	return {
		centres: centresOf(pulled, metric),
		batches,
		...((hasty || seen < epochs * n) && { stopped: "interrupted" as const }),
	};
}

function start(x: DenseMatrix, { k, metric, seed, signal }: Settings) {
	return kMeans(x, {
		...{ k, metric, seed, restarts: STARTS },
		...(signal && { signal }),
	});
}

/** Each token pulls its centre: c ← c + (x − c) / n, with n the tokens that c has had, this one too. */
function pull(
	{ means, counts, idle }: Pulled,
	{ data, columns: d }: DenseMatrix,
	nearest: Uint32Array,
): void {
	for (let c = 0; c < counts.length; c++) idle[c] += nearest.length;
	nearest.forEach((c, row) => {
		const rate = 1 / ++counts[c];
		idle[c] = 0;
		for (let j = 0; j < d; j++)
			means[c * d + j] += rate * (data[row * d + j] - means[c * d + j]);
	});
}

/** Puts a centre that wins nothing on a token far from the others, and lets it begin anew. */
function moveIdle(
	{ means, counts, idle }: Pulled,
	patience: number,
	{ data, columns: d }: DenseMatrix,
	distance: Float64Array,
	uniform: () => number,
): void {
	for (let c = 0; c < counts.length; c++) {
		if (idle[c] < patience) continue;
		let left = uniform() * distance.reduce((sum, v) => sum + v, 0);
		let row = 0;
		while (row < distance.length - 1 && left >= distance[row])
			left -= distance[row++];
		for (let j = 0; j < d; j++) means[c * d + j] = data[row * d + j];
		counts[c] = 0;
		idle[c] = 0;
		distance[row] = 0; // no other is put on the same
	}
}

/** Where the centres are: at the means, or in their directions. */
function centresOf(
	{ means, counts }: Pulled,
	metric: Clustering["metric"],
): Float32Array {
	return asRows(Float32Array.from(means), means.length / counts.length, metric)
		.data;
}

/** The nearest centre of each row, and its squared distance. */
export function nearestOf(
	x: DenseMatrix,
	centres: Float32Array,
): ReturnType<typeof nearestCentres> {
	return nearestCentres(x, centres, centres.length / x.columns);
}

/** As the metric takes them: as they are, or a copy at length 1. */
export function asRows(
	given: Float32Array,
	columns: number,
	metric: Clustering["metric"],
): DenseMatrix {
	const rows = given.length / columns;
	const x: DenseMatrix = { kind: "dense", rows, columns, data: given };
	return metric === "spherical" ? (unitRows(x) as DenseMatrix) : x;
}

function joined(batches: Float32Array[]): Float32Array {
	if (batches.length === 1) return batches[0];
	const all = new Float32Array(batches.reduce((n, b) => n + b.length, 0));
	let at = 0;
	for (const batch of batches) {
		all.set(batch, at);
		at += batch.length;
	}
	return all;
}
