/** How well rows are reconstructed; formulas as in SAELens, its definitions of explained variance told apart. */
export interface ReconstructionMetrics {
	/** Rows counted. */
	n: number;
	/** E‖x − x̂‖². */
	mse: number;
	/** 1 − E‖x − x̂‖² / (E‖x‖² − ‖E x‖²) over all rows: 0 for always answering with the mean, 1 for a perfect copy. */
	explained_variance: number;
	/** Mean over rows of 1 − ‖x − x̂‖² / ‖x − μ‖², μ the mean of the batch that the row was added with. */
	explained_variance_legacy: number;
	/** Fraction of variance unexplained, 1 − explained_variance. */
	fvu: number;
	/** Mean over rows of the cosine between x and x̂. */
	cossim: number;
	/** Mean over rows of ‖x̂‖ / ‖x‖. */
	l2_ratio: number;
}

/** Gathers metrics over batches of rows. All are NaN before the first row; those of variance where rows are all alike. */
export function reconstructionMetrics(d_in: number) {
	const total = new Float64Array(d_in);
	const sum = { error: 0, square: 0, legacy: 0, cossim: 0, ratio: 0 };
	let n = 0;

	/** Counts a batch of rows.  x, reconstruction: [rows, d_in] */
	function add(x: Float32Array, reconstruction: Float32Array): void {
		const rows = x.length / d_in;
		const mean = new Float64Array(d_in);
		for (let i = 0; i < x.length; i++) mean[i % d_in] += x[i];
		for (let i = 0; i < d_in; i++) {
			total[i] += mean[i];
			mean[i] /= rows;
		}
		for (let row = 0; row < rows; row++) {
			let [xx, yy, xy, error, spread] = [0, 0, 0, 0, 0];
			for (let i = 0, at = row * d_in; i < d_in; i++, at++) {
				const [a, b] = [x[at], reconstruction[at]];
				xx += a * a;
				yy += b * b;
				xy += a * b;
				error += (a - b) ** 2;
				spread += (a - mean[i]) ** 2;
			}
			sum.error += error;
			sum.square += xx;
			sum.legacy += 1 - error / spread;
			sum.cossim += xy / Math.max(Math.sqrt(xx * yy), 1e-12);
			sum.ratio += Math.sqrt(yy) / Math.max(Math.sqrt(xx), 1e-4);
		}
		n += rows;
	}

	function result(): ReconstructionMetrics {
		let ofMean = 0;
		for (const value of total) ofMean += (value / n) ** 2;
		const fvu = sum.error / n / (sum.square / n - ofMean);
		return {
			n,
			mse: sum.error / n,
			explained_variance: 1 - fvu,
			explained_variance_legacy: sum.legacy / n,
			fvu,
			cossim: sum.cossim / n,
			l2_ratio: sum.ratio / n,
		};
	}
	return { add, result };
}
