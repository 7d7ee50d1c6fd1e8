import assert from "node:assert/strict";
import { test } from "node:test";
import { poolSentences } from "../src/activations";
import {
	adjustedRandIndex,
	assignSentences,
	cluster,
	clusterLatents,
	clusterTokens,
	howManyClusters,
	kMeansSteps,
} from "../src/cluster";
import { factorLatents } from "../src/features";
import { checkFinite, firstNotFinite } from "../src/finite";
import {
	kSparseProbe,
	logisticRegression,
	predict,
	predictProba,
	probe,
	probeNumber,
	probeTags,
} from "../src/probe";
import {
	type Latents,
	makeSae,
	reconstructionMetrics,
	recovery,
	trainSae,
} from "../src/sae";
import { norms } from "../src/tensors";
import { fakeActivations, fakeLatents } from "./fake-activations";
import { dense, sparse } from "./matrices";
import { someSae } from "./sae/random-sae";

/** Numbers that are not finite, in the first, the middle and the last row of sixty. */
const N = 60;
const places = [0, 30, N - 1];
/** A split in which these rows are for training. */
const inTraining = Array.from({ length: N }, (_, i) =>
	i % 10 === 5 ? "validation" : i % 10 === 6 ? "test" : "train",
);
const bad = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];

/** What has to be said of row `at`, whose number in column `column` is `value`. */
type Said = (value: number, at: number) => RegExp;
const row =
	(of: string, column = 1): Said =>
	(value, at) =>
		new RegExp(
			`^Error: Row ${at}${of}.* is not finite \\(column ${column} is ${value}\\): .`,
		);
/** Of a pooled row the value may be another one of the kind: what is left of two. */
const sentence: Said = (_, at) =>
	new RegExp(
		`^Error: Sentence ${at} \\(".*"\\) of the (activations|latents) at "blocks.0.hook_resid_post" is not finite \\(column 1 is (NaN|-?Infinity)\\): .`,
	);

/** Rows of three columns, the second of row `at` being `value`. */
const rowsWith = (value: number, at: number) =>
	Array.from({ length: N }, (_, i) => [
		i % 2,
		i === at ? value : Math.sin(i),
		Math.cos(i),
	]);
const sides = Array.from({ length: N }, (_, i) => (i % 2 ? "odd" : "even"));

/** Two tokens a sentence; the first of sentence `at` has the number. */
const labels = {
	side: sides,
	count: sides.map((_, i) => String(i % 7)),
	tags: sides.map((side, i) => (i % 3 ? `${side};other` : side)),
};
const split = sides.map(
	(_, i) =>
		(["train", "train", "validation", "test"] as const)[Math.floor(i / 2) % 4],
);
const made = (value: number, at: number, change: object = {}) => {
	const rows = rowsWith(value, at);
	const text = rows.map((_, i) => `w${i} the`);
	return fakeActivations(
		text,
		(w) => (w === "the" ? [0.1, 0.2, 0.3] : rows[Number(w.slice(1))]),
		{ labels, split, ...change },
	);
};
const acts = (value: number, at: number) => made(value, at);
const whole = made(0.5, 1);
/** The latents of finite activations, one of which is not. */
const latents = (value: number, at: number): Latents => {
	const found = fakeLatents(made(0.5, at));
	let p = found.indptr[2 * at];
	while (found.indices[p] !== 1) p++;
	found.values[p] = value;
	return found;
};

const sae = someSae("topk", { d_in: 3, d_sae: 8, k: 2 });
const weights = (name: "W_enc" | "W_dec", value: number, at: number) => {
	const own = Float32Array.from(sae[name]);
	const wide = name === "W_enc" ? 8 : 3;
	own[(at % (own.length / wide)) * wide + 1] = value;
	return makeSae(sae.cfg, { ...sae, [name]: own });
};
const flat = (value: number, at: number) =>
	Float32Array.from(rowsWith(value, at).flat());

const cases: [
	string,
	(value: number, at: number) => unknown,
	Said,
	number[]?,
][] = [];
for (const [name, matrix] of [
	["dense", dense],
	["sparse", sparse],
] as const) {
	cases.push(
		[
			`logisticRegression, ${name}`,
			(v, at) => logisticRegression(matrix(rowsWith(v, at)), sides),
			row(""),
		],
		...([predict, predictProba] as const).map((f): (typeof cases)[number] => [
			`${f.name}, ${name}`,
			async (v, at) =>
				f(
					await logisticRegression(dense(rowsWith(0, 0)), sides),
					matrix(rowsWith(v, at)),
				),
			row(""),
		]),
	);
}
for (const [name, of] of [
	["activations", acts],
	["latents", latents],
] as const)
	cases.push(
		...(["mean", "max", "last"] as const).map(
			(pool): (typeof cases)[number] => [
				`poolSentences, ${pool} of ${name}`,
				(v, at) => {
					const source = of(v, at);
					const on = source.kind === "latents" ? source.acts : source;
					// The last token of each sentence is left out, so that the first one is the last.
					const end = Uint32Array.from(on.sentences.text, (t) =>
						t.indexOf(" "),
					);
					Object.assign(on.sentences.offsets, { end });
					return poolSentences(source, { pool, before: "end" });
				},
				sentence,
			],
		),
		[
			`probe, ${name}`,
			(v, at) => probe(of(v, at), { label: "side", baselines: false }),
			sentence,
		],
		[
			`probe by ml-logistic-regression, ${name}`,
			(v, at) =>
				probe(of(v, at), {
					...{ label: "side", solver: "ml-logistic-regression" },
					baselines: false,
				}),
			sentence,
		],
		[
			`probeNumber, ${name}`,
			(v, at) => probeNumber(of(v, at), { label: "count" }),
			sentence,
		],
		[
			`probeTags, ${name}`,
			(v, at) => probeTags(of(v, at), { label: "tags" }),
			sentence,
		],
		[`cluster, ${name}`, (v, at) => cluster(of(v, at), { k: 2 }), sentence],
		[
			`cluster by ml-kmeans, ${name}`,
			(v, at) => cluster(of(v, at), { k: 2, solver: "ml-kmeans" }),
			sentence,
		],
		[
			`cluster by cosine, ${name}`,
			(v, at) => cluster(of(v, at), { k: 2, metric: "spherical" }),
			sentence,
		],
		[
			`howManyClusters, ${name}`,
			(v, at) => howManyClusters(of(v, at), { ks: [2], repeats: 2 }),
			sentence,
		],
		[
			`kMeansSteps, ${name}`,
			(v, at) => kMeansSteps(of(v, at), { k: 2 }),
			sentence,
		],
		[
			`assignSentences, ${name}`,
			async (v, at) => {
				const source = name === "latents" ? fakeLatents(whole) : whole;
				return assignSentences(await cluster(source, { k: 2 }), of(v, at));
			},
			sentence,
		],
	);
cases.push(
	[
		"probe of tokens, activations",
		(v, at) =>
			probe(acts(v, at), {
				label: "side",
				unit: "token",
			}),
		sentence,
	],
	[
		"kSparseProbe",
		(v, at) => kSparseProbe(latents(v, at), { label: "side", ks: [1] }),
		sentence,
	],
	["clusterTokens", (v, at) => clusterTokens(acts(v, at), { k: 2 }), sentence],
	[
		"clusterTokens by cosine, in small batches",
		(v, at) =>
			clusterTokens(acts(v, at), {
				...{ k: 2, metric: "spherical", batch_size: 7 },
			}),
		sentence,
	],
	[
		"clusterLatents by co-activation",
		(v, at) => clusterLatents(latents(v, at), { by: "coactivation", k: 2 }),
		sentence,
	],
	...(["spherical", "agglomerative"] as const).map(
		(method): (typeof cases)[number] => [
			`clusterLatents by decoder, ${method}`,
			(v, at) =>
				clusterLatents(weights("W_dec", v, at), {
					...{ k: 2, method, map: "umap" },
				}),
			(v, at) =>
				new RegExp(
					`^Error: The row of latent ${at % 8} in W_dec is not finite \\(column 1 is ${v}\\): .`,
				),
		],
	),
	[
		"kMeansSteps of a projection",
		async (v, at) => {
			const clustering = await cluster(whole, { k: 2 });
			clustering.projection[at] = [v, 0];
			return kMeansSteps(clustering);
		},
		(v, at) =>
			new RegExp(
				`^Error: Point ${at} of the projection is not finite \\(it lies at ${v}, 0\\): .`,
			),
	],
	[
		"factorLatents",
		(v, at) => factorLatents(latents(v, at), { labels: ["side"] }),
		(v, at) => row(" of the latents")(v, 2 * at),
	],
	[
		"sae.encode",
		(v, at) => sae.encode(acts(v, at)),
		(v, at) => row(" of the activations")(v, 2 * at),
	],
	[
		"sae.encodeRows",
		(v, at) => sae.encodeRows(flat(v, at)),
		row(" of the act"),
	],
	[
		"sae.reconstruct",
		(v, at) => sae.reconstruct(flat(v, at)),
		row(" of the act"),
	],
	["sae.input", (v, at) => sae.input(flat(v, at)), row(" of the activations")],
	[
		"sae.decode",
		(v, at) => {
			const { indptr, indices, values } = sparse(rowsWith(v, at));
			return sae.decode({ indptr, indices, values });
		},
		row(" of the latents"),
	],
	[
		"an SAE whose weights are not finite",
		(v, at) => weights("W_enc", v, at).encodeRows(flat(0, 0)),
		(v, at) => row(" of this SAE's W_enc")(v, at % 3),
	],
	[
		"trainSae",
		(v, at) =>
			trainSae(made(v, at, { split: inTraining }), {
				...{ architecture: "topk", d_sae: 8, k: 2 },
				...{ training_tokens: 128, train_batch_size_tokens: 16 },
			}),
		(v, at) => row(` of the activations \\(sentence ${at}\\)`)(v, 2 * at),
	],
	[
		"reconstructionMetrics, rows",
		(v, at) => reconstructionMetrics(3).add(flat(v, at), flat(0, 0)),
		row(" of the activations"),
	],
	[
		"reconstructionMetrics, reconstructions",
		(v, at) => reconstructionMetrics(3).add(flat(0, 0), flat(v, at)),
		row(" of the reconstructions"),
	],
	["recovery", (v, at) => recovery(flat(v, at), sae), row(" of directions")],
	[
		"norms",
		(v, at) => norms({ data: flat(v, at), dims: [N, 3] }),
		row(" of the tensor"),
	],
	[
		"adjustedRandIndex",
		(v, at) =>
			adjustedRandIndex(
				sides,
				sides.map((_, i) => (i === at ? v : i % 3)),
			),
		(v, at) =>
			new RegExp(
				`^Error: Place ${at} of a grouping is not finite \\(it is ${v}`,
			),
	],
);

for (const [name, call, said] of cases)
	test(`${name}: a number that is not finite is named with its row, wherever it is`, {
		timeout: 60_000,
	}, async () => {
		for (const value of bad)
			for (const at of places)
				await assert.rejects(async () => call(value, at), said(value, at));
	});

test("labels that are not finite numbers are refused, and so are options without end", async () => {
	const x = dense(rowsWith(0, 0));
	for (const value of bad)
		for (const at of places) {
			const y = sides.map((_, i) => (i === at ? value : i % 2));
			await assert.rejects(
				logisticRegression(x, y),
				new RegExp(`The label of row ${at} is ${value}, which is not finite`),
			);
		}
	const fit = (options: object) => logisticRegression(x, sides, options);
	for (const [name, value] of [
		["max_iterations", Number.NaN],
		["max_iterations", 1.5],
		["tolerance", Number.NaN],
		["C", Number.NaN],
		["class_weight", { odd: Number.POSITIVE_INFINITY, even: 1 }],
	] as const)
		await assert.rejects(
			fit({ [name]: value }),
			new RegExp(`^Error: ${name} `),
		);
});

test("seeds that are no whole numbers are refused, for two of them would draw alike", async () => {
	const of = fakeLatents(whole);
	for (const seed of [Number.NaN, Number.POSITIVE_INFINITY, 0.5])
		for (const call of [
			() => cluster(whole, { k: 2, seed }),
			() => howManyClusters(whole, { ks: [2], seed }),
			() => clusterTokens(whole, { k: 2, seed }),
			() => clusterLatents(of, { by: "coactivation", k: 2, seed }),
			() => kMeansSteps(whole, { k: 2, seed }),
		])
			await assert.rejects(
				call,
				new RegExp(
					`^Error: seed is ${seed}, where a whole number was expected`,
				),
			);
});

const good = sparse([
	[1, 0, 2],
	[0, 3, 0],
	[4, 0, 5],
	[0, 6, 0],
]);
const shapes: [string, object, RegExp][] = [
	[
		"too little data",
		{ ...dense([[1, 2]]), rows: 15 },
		/15 rows of 2 columns are 30 numbers, and data has 2/,
	],
	[
		"too much data",
		{ ...dense([[1, 2, 3]]), columns: 2 },
		/1 rows of 2 columns are 2 numbers, and data has 3/,
	],
	[
		"negative rows",
		{ ...dense([[1]]), rows: -1 },
		/rows is -1, where a whole number was expected/,
	],
	["half a column", { ...dense([[1]]), columns: 0.5 }, /columns is 0.5, where/],
	["NaN rows", { ...dense([[1]]), rows: Number.NaN }, /rows is NaN, where/],
	["a list of rows", [[1, 2], [3]], /they are a list; give \{ kind: "dense"/],
	["nothing", undefined as unknown as object, /their kind is undefined/],
	[
		"a plain list of numbers",
		{ ...dense([[1]]), data: [1] },
		/data is of type Array, where a Float32Array was expected/,
	],
	[
		"float64",
		{ ...dense([[1]]), data: Float64Array.of(1) },
		/data is of type Float64Array/,
	],
	[
		"a column beyond",
		{ ...good, indices: Uint32Array.of(0, 3, 1, 0, 2, 1) },
		/row 0 has a number in column 3, and there are 3 columns/,
	],
	[
		"columns that fall",
		{ ...good, indices: Uint32Array.of(2, 0, 1, 0, 2, 1) },
		/the columns of row 0 do not ascend, as 0 comes after 2/,
	],
	[
		"a column twice",
		{ ...good, indices: Uint32Array.of(0, 0, 1, 0, 2, 1) },
		/do not ascend, as 0 comes after 0/,
	],
	[
		"too few values",
		{ ...good, values: good.values.slice(1) },
		/6 indices and 5 values/,
	],
	[
		"an indptr too short",
		{ ...good, indptr: good.indptr.slice(0, 4) },
		/4 rows need 5 numbers in indptr, and it has 4/,
	],
	[
		"an indptr that falls",
		{ ...good, indptr: Float64Array.of(0, 2, 1, 5, 6) },
		/indptr goes from 2 to 1 in row 1/,
	],
	[
		"an indptr that starts late",
		{ ...good, indptr: Float64Array.of(1, 2, 3, 5, 6) },
		/indptr goes from 1 to 6/,
	],
	[
		"an indptr with NaN",
		{ ...good, indptr: Float64Array.of(0, Number.NaN, 3, 5, 6) },
		/indptr goes from 0 to NaN in row 0/,
	],
];
for (const [name, x, message] of shapes)
	test(`${name}: no matrix, and what is wrong with it`, async () => {
		const classifier = await logisticRegression(dense([[1], [2], [1], [2]]), [
			"a",
			"b",
			"a",
			"b",
		]);
		for (const call of [
			() => logisticRegression(x as never, ["a", "b", "a", "b"]),
			() => predict(classifier, x as never),
			() => predictProba(classifier, x as never),
		])
			await assert.rejects(call, (error: Error) => {
				assert.match(error.message, /^The rows are no matrix: /);
				assert.match(error.message, message);
				return true;
			});
	});

test("no rows have no predictions, and nothing is learned of them", async () => {
	const none = { ...dense([[1, 2]]), rows: 0, data: new Float32Array() };
	const classifier = await logisticRegression(dense(rowsWith(0, 0)), sides);
	assert.deepEqual(await predict(classifier, { ...none, columns: 3 }), []);
	await assert.rejects(
		logisticRegression(none, []),
		/The labels have no values/,
	);
});

test("latents that do not fit their activations are refused, and so are rows that are not all there", async () => {
	const found = fakeLatents(made(0.5, 1));
	await assert.rejects(
		cluster({ ...found, indptr: found.indptr.slice(1) }, { k: 2 }),
		/The latents are no matrix: 120 rows need 121 numbers in indptr/,
	);
	await assert.rejects(
		cluster({ ...found, d_sae: 2 }, { k: 2 }),
		/has a number in column 2, and there are 2 columns/,
	);
	const short = {
		...whole,
		async *batches() {
			yield whole.data.slice(0, 30);
		},
	};
	await assert.rejects(
		cluster(short, { k: 2 }),
		/The activations have 10 rows of 3 values, and their rows.sentence 120/,
	);
});

test("numbers too large for 32-bit products are told, not clustered or classified", async () => {
	const huge = made(1e30, 3);
	await assert.rejects(
		clusterTokens(huge, { k: 2 }),
		/is 1\.0e\+30 long, too long for products in 32 bits/,
	);
	const classifier = await logisticRegression(dense(rowsWith(0, 0)), sides);
	await assert.rejects(
		predict(
			classifier,
			dense([
				[3e38, 3e38, -3e38],
				[3e38, 3e38, 3e38],
			]),
		),
		/The score of row \d is out of range of 32-bit numbers/,
	);
});

test("the first number that is not finite is found, whatever the length", () => {
	for (let n = 0; n < 12; n++) {
		const values = Float32Array.from({ length: n }, (_, i) => i - 3);
		assert.equal(firstNotFinite(values), -1);
		for (let at = 0; at < n; at++)
			for (const value of bad) {
				const own = values.slice();
				own[at] = value;
				own[n - 1] = at < n - 1 ? Number.NaN : own[n - 1];
				assert.equal(firstNotFinite(own), at);
			}
	}
	assert.equal(firstNotFinite(Float32Array.of(-0, 3.4e38, 1e-45)), -1);
	assert.throws(
		() => checkFinite([1, 2, 3, Number.NaN], 2, "the rows", { first: 7 }),
		/^Error: Row 8 of the rows is not finite \(column 1 is NaN\): leave it out/,
	);
});
