import type * as Tf from "@tensorflow/tfjs";

/**
 * Gives operations of TensorFlow.js (4.22) the gradients that it has wrong, slow or not at all in WebAssembly: those of
 * products, running sums, gathering, the larger and the smaller of two. Where there is no right one, a loss is refused.
 */
export function mendGradients(tf: typeof Tf): void {
	differentiateProductsFast(tf);
	tf.registerGradient({
		// The library's own is right along the last axis only.
		kernelName: "Cumsum",
		gradFunc: (given, _, attributes) => {
			const { axis, exclusive, reverse } = attributes as {
				axis: number;
				exclusive: boolean;
				reverse: boolean;
			};
			const g = given as Tf.Tensor;
			return { x: () => tf.cumsum(g, axis, exclusive, !reverse) };
		},
	});
	tf.registerGradient({
		// The library's own needs a kernel that WebAssembly has not.
		kernelName: "GatherV2",
		inputsToSave: ["x", "indices"],
		gradFunc: (given, [x, indices], attributes) => {
			const { axis, batchDims } = attributes as Record<string, number>;
			if (batchDims)
				throw new Error(
					"a gather with batchDims has no gradient in WebAssembly: gather each part, or hold it fixed with detached(tf, t, compute)",
				);
			const along = axis < 0 ? axis + x.rank : axis;
			return {
				x: () => scattered(tf, given as Tf.Tensor, x.shape, indices, along),
				indices: () => tf.zerosLike(indices),
			};
		},
	});
	for (const [kernelName, first] of [
		["Maximum", (a: Tf.Tensor, b: Tf.Tensor) => a.greaterEqual(b)],
		["Minimum", (a: Tf.Tensor, b: Tf.Tensor) => a.lessEqual(b)],
	] as const)
		tf.registerGradient({
			// The library's own does not add up what was repeated.
			kernelName,
			inputsToSave: ["a", "b"],
			gradFunc: (given, [a, b]) => {
				const g = given as Tf.Tensor;
				const mine = first(a, b).cast("float32");
				return {
					a: () => addedUp(g.mul(mine), a.shape),
					b: () => addedUp(g.mul(tf.scalar(1).sub(mine)), b.shape),
				};
			},
		});
	tf.registerGradient({
		// As above.
		kernelName: "SquaredDifference",
		inputsToSave: ["a", "b"],
		gradFunc: (given, [a, b]) => {
			const twice = (given as Tf.Tensor).mul(a.sub(b)).mul(2);
			return {
				a: () => addedUp(twice, a.shape),
				b: () => addedUp(twice.neg(), b.shape),
			};
		},
	});
	tf.registerGradient({
		kernelName: "MirrorPad",
		gradFunc: () => {
			throw new Error(
				"mirrorPad has a wrong gradient in TensorFlow.js: join slices with concat in its place, or hold it fixed with detached(tf, t, compute)",
			);
		},
	});
}

/** Adds the parts of a gradient to the places along an axis that they were gathered from. */
function scattered(
	tf: typeof Tf,
	g: Tf.Tensor,
	shape: number[],
	indices: Tf.Tensor,
	axis: number,
): Tf.Tensor {
	const [before, after] = [shape.slice(0, axis), shape.slice(axis + 1)];
	const count = (dims: number[]) => dims.reduce((a, b) => a * b, 1);
	const [n, size] = [count(before), count(after)];
	const places = tf
		.oneHot(indices.flatten().cast("int32"), shape[axis])
		.cast("float32"); // [gathered, shape[axis]]
	const rows = g
		.reshape([n, indices.size, size])
		.transpose([1, 0, 2])
		.reshape([indices.size, n * size]);
	return tf
		.matMul(places.transpose(), rows)
		.reshape([shape[axis], n, size])
		.transpose([1, 0, 2])
		.reshape(shape);
}

/** Sums a gradient over the axes along which a value of this shape was repeated. */
function addedUp(g: Tf.Tensor, shape: number[]): Tf.Tensor {
	const more = g.rank - shape.length;
	const axes = g.shape.flatMap((size, i) =>
		i < more || (shape[i - more] === 1 && size > 1) ? [i] : [],
	);
	return (axes.length > 0 ? g.sum(axes) : g).reshape(shape);
}

/**
 * Gives the product of two matrices a gradient that transposes first and multiplies after: in WebAssembly a product with a
 * transposed factor, which TensorFlow.js would use, is many times slower. The values are the same.
 */
function differentiateProductsFast(tf: typeof Tf): void {
	tf.registerGradient({
		kernelName: "BatchMatMul",
		inputsToSave: ["a", "b"],
		gradFunc: (given, [a, b], attributes) => {
			const g = given as Tf.Tensor;
			const { transposeA, transposeB } = attributes as Record<string, unknown>;
			const ofA = () => g.matMul(transposeB ? b : flipped(b));
			const ofB = () => (transposeA ? a : flipped(a)).matMul(g);
			return {
				a: () => (transposeA ? flipped(ofA()) : ofA()),
				b: () => (transposeB ? flipped(ofB()) : ofB()),
			};
		},
	});
}

/** [..., m, n] → [..., n, m] */
function flipped(t: Tf.Tensor): Tf.Tensor {
	const axes = t.shape.map((_, i) => i);
	return t.transpose([...axes.slice(0, -2), t.rank - 1, t.rank - 2]);
}
