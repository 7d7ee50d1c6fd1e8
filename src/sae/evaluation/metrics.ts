import { checkFinite } from "../../finite";

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
	/**
	 * Mean over rows of ‖x − x̂‖² / ‖x‖², as in the code of OpenAI's sparse autoencoders. No mean is taken out: rows far from
	 * the origin flatter it.
	 */
	nmse: number;
	/** Mean over rows of the cosine between x and x̂. */
	cossim: number;
	/** Mean over rows of ‖x̂‖ / ‖x‖; where ‖x‖ is below 1e-4, of ‖x̂‖. */
	l2_ratio: number;
	/** Mean over rows of ‖x‖. */
	l2_norm_in: number;
	/** Mean over rows of ‖x̂‖. */
	l2_norm_out: number;
	/** E‖x̂‖² / E[x · x̂] (Rajamanoharan et al. 2024, equation 10): below 1 where reconstructions are shrunk; NaN where they point away from the rows. */
	relative_reconstruction_bias: number;
}

/** Gathers metrics over batches of rows. All are NaN before the first row; those of variance where rows are all alike. */
export function reconstructionMetrics(d_in: number) {
	const total = new Float64Array(d_in);
	const sum = {
		error: 0,
		legacy: 0,
		nmse: 0,
		cossim: 0,
		ratio: 0,
		...{ in: 0, out: 0, xx: 0, yy: 0, xy: 0 },
	};
	let n = 0;

	/** Counts a batch of rows; throws where a number is not finite, or the two are not alike.  x, reconstruction: [rows, d_in] */
	function add(x: Float32Array, reconstruction: Float32Array): void {
		if (x.length % d_in !== 0 || reconstruction.length !== x.length)
			throw new Error(
				`${x.length} values and ${reconstruction.length} reconstructed ones were given, where both are whole rows of ${d_in}, as many of the one as of the other.`,
			);
		checkFinite(x, d_in, "the activations", { first: n });
		checkFinite(reconstruction, d_in, "the reconstructions", { first: n });
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
			const [norm, other] = [Math.sqrt(xx), Math.sqrt(yy)];
			sum.error += error;
			sum.legacy += spread > 1e-24 * xx ? 1 - error / spread : Number.NaN;
			sum.nmse += error === 0 ? 0 : error / xx;
			sum.cossim += xy / Math.max(norm * other, 1e-12);
			sum.ratio += other / (norm < 1e-4 ? 1 : norm);
			sum.in += norm;
			sum.out += other;
			sum.xx += xx;
			sum.yy += yy;
			sum.xy += xy;
		}
		n += rows;
	}

	function result(): ReconstructionMetrics {
		let ofMean = 0;
		for (const value of total) ofMean += (value / n) ** 2;
		const variance = sum.xx / n - ofMean;
		const varies = variance > 1e-12 * (sum.xx / n); // else it is the error of the sums
		const fvu = varies ? sum.error / n / variance : Number.NaN;
		return {
			n,
			mse: sum.error / n,
			explained_variance: 1 - fvu,
			explained_variance_legacy: sum.legacy / n,
			fvu,
			nmse: sum.nmse / n,
			cossim: sum.cossim / n,
			l2_ratio: sum.ratio / n,
			l2_norm_in: sum.in / n,
			l2_norm_out: sum.out / n,
			relative_reconstruction_bias: sum.xy > 0 ? sum.yy / sum.xy : Number.NaN,
		};
	}
	return { add, result };
}
