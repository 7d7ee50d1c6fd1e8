import { axpy, dot, scale } from "./vector";

/**
 * Decodes k latents a row and sends the gradient of c * sum of squared errors back, never making anything dense:
 *   error = sum_j values[j] W_dec[indices[j]] - target
 *   g_W_dec[i] += values 2c error;  g_W_enc[i] += (2c error . W_dec[i]) x;  g_b_enc[i] += 2c error . W_dec[i]
 * A value of zero is left out. Returns the sum over rows of |error|^2.
 *
 * indices: int32 [rows, k]; values: [rows, k]; target, x, error: [rows, d] (error may be target);
 * W_dec, W_enc and their gradients: [d_sae, d], so that a latent is one row; gradient: [d], room for one row.
 */
export function sparseBackward(
	rows: i32, k: i32, d: i32, c: f32,
	indices: usize, values: usize, target: usize, x: usize,
	W_dec: usize, g_W_dec: usize, g_W_enc: usize, g_b_enc: usize,
	error: usize, gradient: usize,
): f64 {
	const row = <usize>d * 4;
	let loss: f64 = 0;
	for (let r = 0; r < rows; r++) {
		if (error != target) memory.copy(error, target, row);
		scale(error, -1, d);
		for (let j: usize = 0; j < <usize>k * 4; j += 4) {
			const value = load<f32>(values + j);
			if (value != 0) axpy(error, W_dec + <usize>load<u32>(indices + j) * row, value, d);
		}
		loss += <f64>dot(error, error, d);
		memory.copy(gradient, error, row);
		scale(gradient, 2 * c, d);
		for (let j: usize = 0; j < <usize>k * 4; j += 4) {
			const value = load<f32>(values + j);
			if (value == 0) continue;
			const i = <usize>load<u32>(indices + j);
			const back = dot(gradient, W_dec + i * row, d);
			axpy(g_W_dec + i * row, gradient, value, d);
			axpy(g_W_enc + i * row, x, back, d);
			const b = g_b_enc + i * 4;
			store<f32>(b, load<f32>(b) + back);
		}
		indices += <usize>k * 4; values += <usize>k * 4;
		target += row; x += row; error += row;
	}
	return loss;
}
