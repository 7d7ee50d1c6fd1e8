import assert from "node:assert/strict";
import { test } from "node:test";
import { principalComponents } from "../../src/cluster/components";
import { kMeans } from "../../src/cluster/kmeans";
import { agreementOf } from "../../src/cluster/quality";
import { silhouette } from "../../src/cluster/silhouette";
import { random } from "../../src/random";
import { dense, sparse } from "../matrices";
import { ask, saeLens } from "./python";
import { agreed } from "./record";

const { skip } = saeLens;

/** Rows around corners that lie `apart`; 0 is one cloud. */
function cloud(
	n: number,
	d: number,
	corners: number,
	apart: number,
	zeros: number,
) {
	const draw = random(n + d);
	return Array.from({ length: n }, (_, i) =>
		Array.from({ length: d }, (_, j) =>
			draw.uniform() < zeros
				? 0
				: Math.fround(
						draw.normal() + (j % corners === i % corners ? apart : 0),
					),
		),
	);
}

const sets = {
	"far groups": cloud(400, 8, 4, 6, 0),
	"near groups": cloud(400, 10, 5, 2, 0),
	"one cloud": cloud(300, 6, 1, 0, 0),
	"sparse rows": cloud(500, 60, 5, 2, 0.8),
};

for (const [name, rows] of Object.entries(sets))
	test(`${name}: the inertia is at most 0.5 % above scikit-learn's of ten starts`, {
		skip,
	}, async () => {
		const script = `
from sklearn.cluster import KMeans
result = KMeans(5, n_init=10, tol=0, random_state=0).fit(np.array(rows)).inertia_
`;
		const peer = ask<number>(saeLens, script, { rows });
		for (const matrix of [dense, sparse]) {
			const { inertia } = await kMeans(matrix(rows), { k: 5, seed: 0 });
			assert.ok(inertia <= 1.005 * peer, `${inertia} against ${peer}`);
		}
		agreed(
			"k-means: inertia of ten starts",
			"scikit-learn",
			"at most 0.5 % above",
		);
	});

test("silhouette, adjusted Rand index, mutual information, homogeneity, completeness and V-measure are scikit-learn's", {
	skip,
}, async () => {
	const rows = sets["near groups"];
	const draw = random(8);
	const a = rows.map((_, i) => (draw.uniform() < 0.7 ? i % 5 : draw.int(5)));
	const b = rows.map((_, i) => (draw.uniform() < 0.7 ? i % 5 : draw.int(4)));
	const script = `
from sklearn.metrics import *
result = [silhouette_score(np.array(rows), a), adjusted_rand_score(b, a), normalized_mutual_info_score(b, a)]
result += homogeneity_completeness_v_measure(b, a)
`;
	const peer = ask<number[]>(saeLens, script, { rows, a, b });
	const { ari, nmi, homogeneity, completeness, v_measure } = agreementOf(a, b);
	const own = await silhouette(dense(rows), a, { seed: 0 });
	[own, ari, nmi, homogeneity, completeness, v_measure].forEach((value, i) => {
		assert.ok(Math.abs(value - peer[i]) < 1e-9, `${value}, not ${peer[i]}`);
		agreed(
			"silhouette, adjusted Rand index, mutual information, V-measure",
			"scikit-learn",
			Math.abs(value - peer[i]),
		);
	});
});

test("the principal components are scikit-learn's, up to their sign", {
	skip,
}, async () => {
	const rows = cloud(300, 20, 4, 3, 0.3).map((row) =>
		row.map((v, j) => v * (j === 0 ? 4 : j === 1 ? 3 : 1)),
	);
	const script = `
from sklearn.decomposition import PCA
result = PCA(2, svd_solver="full").fit_transform(np.array(rows)).tolist()
`;
	const peer = ask<number[][]>(saeLens, script, { rows });
	const own = await principalComponents(sparse(rows), 0);
	for (const c of [0, 1]) {
		const sign = Math.sign(own[0][c] * peer[0][c]);
		for (let i = 0; i < rows.length; i++)
			assert.ok(Math.abs(own[i][c] - sign * peer[i][c]) < 2e-3);
	}
});
