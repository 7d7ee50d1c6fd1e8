import {
	type Activations,
	inMemory,
	memoryForActivations,
	type TokenRows,
} from "../activations";
import { type Random, random } from "../random";
import { randomRows } from "./engine/start";
import type { SparseRows } from "./types";

export interface PlantedOptions {
	/** Rows to make. */
	n_tokens: number;
	/** Their width. Default: 128. */
	d_in?: number;
	/** How many true directions there are. Default: 512. */
	d_true?: number;
	/** How many of them each row is a sum of, exactly. Default: 8. */
	active?: number;
	/** Standard deviation of normal noise that is added to each value. Default: 0. */
	noise?: number;
	/** The seed of the directions. Default: 0. */
	seed?: number;
	/** The seed of the rows; another one gives other rows of the same dictionary. Default: `seed`. */
	rows_seed?: number;
}

/** Activations whose true features are known. */
export interface PlantedDictionary {
	kind: "planted";
	/** To train on; each row is as if it were the one token of a sentence. */
	acts: Activations & { data: Float32Array };
	d_in: number;
	d_true: number;
	/** Random unit vectors. */
	directions: Float32Array; // [d_true, d_in]
	/** Which directions each row is made of, and how strong each one is. */
	factors: SparseRows;
}

/**
 * Rows that are sums of a few directions of a random dictionary, the ground truth for autoencoders: each row takes
 * `active` different directions, every set as likely as any other, and gives each a strength drawn evenly from
 * [0.5, 1.5). With more directions than dimensions they overlap, as features in a model are thought to (Elhage et al. 2022,
 * "Toy models of superposition"). `recovery` counts how many of them an autoencoder has found.
 * Throws on a size out of range, and where the rows would not fit into memory.
 */
export function plantedDictionary(options: PlantedOptions): PlantedDictionary {
	const { n_tokens, d_in = 128, d_true = 512, active = 8 } = options;
	const { noise = 0, seed = 0, rows_seed } = options;
	checkSizes({ n_tokens, d_in, d_true, active }, { seed, rows_seed });
	if (!(noise >= 0 && noise < Infinity))
		throw new Error(`noise is ${noise}; a number from 0 up is needed.`);
	checkMemory(n_tokens, d_in, active);

	const directions = randomRows(d_true, d_in, 1, sourceOf("directions", seed));
	const ofRows = sourceOf("rows", rows_seed ?? seed);
	const factors = drawFactors(n_tokens, d_true, active, ofRows);
	const data = new Float32Array(n_tokens * d_in);
	for (let j = 0; j < factors.indices.length; j++) {
		const [to, from] = [Math.floor(j / active), factors.indices[j]];
		const strength = factors.values[j];
		for (let i = 0; i < d_in; i++)
			data[to * d_in + i] += strength * directions[from * d_in + i];
	}
	if (noise > 0)
		for (let i = 0; i < data.length; i++) data[i] += noise * ofRows.normal();
	const acts = { ...rowsAsTokens(data, d_in), data };
	return { kind: "planted", acts, d_in, d_true, directions, factors };
}

/**
 * Random numbers of its own for each part: an autoencoder that starts from the same seed must not draw what the directions
 * were drawn from, or it would begin at the solution.
 */
function sourceOf(part: "directions" | "rows", seed: number): Random {
	const offset = part === "directions" ? 0x2c1b3c6d : 0x297a2d39;
	let mixed = Math.imul((seed >>> 0) ^ offset, 0x9e3779b1);
	mixed = Math.imul(mixed ^ (mixed >>> 15), 0x85ebca6b);
	return random(mixed ^ (mixed >>> 13));
}

/** `active` different ones of d_true for each row, ascending, each with a strength. */
function drawFactors(
	n: number,
	d_true: number,
	active: number,
	source: Random,
): SparseRows {
	const order = Uint32Array.from({ length: d_true }, (_, i) => i);
	const indices = new Uint32Array(n * active);
	const values = new Float32Array(n * active);
	for (let row = 0; row < n; row++) {
		// The first steps of a shuffle; that the order is shuffled already makes no difference.
		for (let j = 0; j < active; j++) {
			const other = j + source.int(d_true - j);
			[order[j], order[other]] = [order[other], order[j]];
			values[row * active + j] = 0.5 + source.uniform();
		}
		const own = indices.subarray(row * active, (row + 1) * active);
		own.set(order.subarray(0, active));
		own.sort();
	}
	const indptr = Float64Array.from({ length: n + 1 }, (_, i) => i * active);
	return { indptr, indices, values };
}

/** Activations that come from no model. */
function rowsAsTokens(data: Float32Array, d_in: number): Activations {
	const n = data.length / d_in;
	const none = new Uint32Array(n);
	const rows: TokenRows = {
		sentence: Uint32Array.from(none.keys()),
		position: new Uint16Array(n),
		token: none,
		start: none,
		end: none,
	};
	const text = new Array<string>(n).fill("");
	return inMemory(data, {
		hook_name: "blocks.0.hook_resid_post",
		d_in,
		rows,
		sentences: {
			kind: "sentences",
			name: "planted",
			text,
			labels: {},
			offsets: {},
			// one source, of which nothing is held out: what was found is known from the directions
			group: text.map(() => "planted"),
		},
		model: {
			name: "planted",
			folder: "",
			n_layers: 1,
			n_heads: 1,
			d_model: d_in,
			d_head: d_in,
			d_mlp: d_in,
			n_ctx: 1,
			d_vocab: 1,
			activation_function: "relu",
			layer_norm_epsilon: 1e-5,
			bos_token_id: null,
			eos_token_id: null,
		},
		prepend_bos: false,
		center_writing_weights: false,
	});
}

function checkSizes(
	sizes: { n_tokens: number; d_in: number; d_true: number; active: number },
	seeds: Record<string, number | undefined>,
): void {
	for (const [name, value] of Object.entries(sizes))
		if (!Number.isSafeInteger(value) || value < 1)
			throw new Error(
				`${name} is ${value}; a whole number of at least 1 is needed.`,
			);
	for (const [name, value] of Object.entries(seeds))
		if (value !== undefined && !(Number.isSafeInteger(value) && value >= 0))
			throw new Error(
				`${name} is ${value}; a whole number of at least 0 is needed.`,
			);
	const { active, d_true } = sizes;
	if (active > d_true)
		throw new Error(
			`active is ${active} and d_true is ${d_true}: a row cannot be made of more directions than there are.`,
		);
}

function checkMemory(n_tokens: number, d_in: number, active: number): void {
	const bytes = n_tokens * (4 * d_in + 8 * active + 34);
	const room = memoryForActivations();
	const gb = (n: number) => (n / 1e9).toPrecision(3);
	if (bytes > room || n_tokens * d_in >= 2 ** 32)
		throw new Error(
			`${n_tokens} planted rows of ${d_in} need ${gb(bytes)} GB, and there is room for ${gb(Math.min(room, 2 ** 34))}: make fewer, and train for several epochs.`,
		);
}
