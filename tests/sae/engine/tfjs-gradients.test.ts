import assert from "node:assert/strict";
import test from "node:test";
import type * as Tf from "@tensorflow/tfjs";
import { loadTfjs } from "../../../src/sae";

/** Losses of a matrix [4, 4] of numbers that no two differ by less than a step, by what they use. */
const losses: Record<string, (tf: typeof Tf, x: Tf.Tensor2D) => Tf.Tensor> = {
	"cumsum along rows": (tf, x) => tf.cumsum(x, 0),
	"cumsum along columns": (tf, x) => tf.cumsum(x, 1),
	"cumsum, exclusive and reversed": (tf, x) => tf.cumsum(x, 0, true, true),
	"cumsum of a stack": (tf, x) => tf.cumsum(x.reshape([2, 4, 2]), 1),
	gather: (tf, x) => tf.gather(x, tf.tensor1d([2, 0, 2], "int32")),
	"gather of columns": (tf, x) =>
		tf.gather(x, tf.tensor1d([3, 3, 1], "int32"), 1),
	"gather by a matrix": (tf, x) =>
		tf.gather(
			x,
			tf.tensor2d(
				[
					[0, 1],
					[3, 1],
				],
				[2, 2],
				"int32",
			),
			1,
		),
	"maximum, repeated": (tf, x) => tf.maximum(x.slice([0, 0], [1, 4]), x),
	"maximum with a column": (tf, x) => tf.maximum(x, x.slice([0, 1], [4, 1])),
	"minimum with a number": (_, x) => x.minimum(0.1),
	"minimum, repeated": (tf, x) => tf.minimum(x.slice([1, 0], [1, 4]), x),
	matMul: (_, x) => x.matMul(x, true, false),
	"max along rows": (_, x) => x.max(1),
	"min along columns": (_, x) => x.min(0),
	softmax: (_, x) => x.softmax(),
	logSoftmax: (_, x) => x.logSoftmax(),
	logSumExp: (_, x) => x.logSumExp(1),
	topk: (tf, x) => tf.topk(x, 2).values,
	norm: (_, x) => x.norm(2, 1),
	"norm, 1": (_, x) => x.norm(1, 0),
	prod: (_, x) => x.prod(1),
	"mean of squares": (_, x) => x.square().mean(0),
	huber: (_, x) => x.square().add(1).sqrt(),
	"relu, elu, selu": (_, x) => x.relu().add(x.elu()).add(x.selu()),
	"leakyRelu, softplus": (_, x) => x.leakyRelu(0.1).add(x.softplus()),
	"sigmoid, tanh, erf": (_, x) => x.sigmoid().add(x.tanh()).add(x.erf()),
	"exp, log1p, pow": (tf, x) => x.exp().add(x.abs().log1p()).add(tf.pow(x, 3)),
	"div by a column": (_, x) => x.div(x.slice([0, 1], [4, 1]).add(3)),
	where: (tf, x) => tf.where(x.greater(0), x.square(), x),
	"concat, slice, pad": (tf, x) =>
		tf.concat(
			[
				x.slice([1, 0], [2, 4]),
				x.pad([
					[1, 0],
					[0, 0],
				]),
			],
			0,
		),
	"reverse, tile, stack": (tf, x) =>
		tf.stack([x.reverse(0), x]).tile([1, 2, 1]),
	"split, unstack": (tf, x) => {
		const [a, b] = tf.split(x, 2, 1);
		return a.mul(b);
	},
	clipByValue: (_, x) => x.clipByValue(-0.5, 0.5),
	relu6: (_, x) => x.mul(4).relu6(),
	squaredDifference: (tf, x) =>
		tf.squaredDifference(x, x.slice([0, 0], [1, 4])),
	"pow of repeated ones": (tf, x) =>
		tf.pow(x.abs().add(1), x.slice([0, 0], [1, 4])),
	"sub and add of repeated ones": (_, x) =>
		x.sub(x.slice([0, 1], [4, 1])).add(x.slice([2, 0], [1, 4])),
	"mul, repeated from the left": (_, x) => x.slice([0, 0], [1, 4]).mul(x),
	prelu: (tf, x) => tf.prelu(x, x.slice([0, 0], [1, 4])),
	atan2: (tf, x) => tf.atan2(x.slice([1, 0], [1, 4]), x.add(2)),
	cosineDistance: (tf, x) => tf.losses.cosineDistance(x, x.square(), 1),
	"where with repeated ones": (tf, x) =>
		tf.where(x.greater(0), x.slice([0, 0], [1, 4]).tile([4, 1]), x),
	"batchDims gather": (tf, x) =>
		tf.gather(x, tf.tensor2d([[0], [1], [2], [0]], [4, 1], "int32"), 1, 1),
	"multiRMSProp-like norms": (tf, x) => tf.norm(x, "euclidean", 0),
	"sum, mean with axes": (_, x) => x.sum(0, true).mul(x.mean(1, true)),
	"transpose, reshape": (_, x) => x.transpose().reshape([2, 8]),
	"depthwise, l2Normalize": (_, x) => x.div(x.square().sum(1, true).sqrt()),
	"abs, sign": (_, x) => x.abs().mul(x.sign()),
	"step, round": (_, x) => x.add(x.step()),
	gatherND: (tf, x) =>
		tf.gatherND(
			x,
			tf.tensor2d(
				[
					[0, 1],
					[2, 2],
				],
				[2, 2],
				"int32",
			),
		),
};

for (const [what, loss] of Object.entries(losses))
	test(`the gradient of ${what} is what central differences say, or it is refused by name`, async () => {
		const { tf } = await loadTfjs();
		const values = Float32Array.from({ length: 16 }, (_, i) =>
			Math.sin(3 * i + 1),
		);
		const of = (x: Tf.Tensor2D) => {
			const y = loss(tf, x);
			const by = Float32Array.from({ length: y.size }, (_, i) =>
				Math.cos(i + 1),
			);
			return y.mul(tf.tensor(by, y.shape)).sum().asScalar();
		};
		let found: ArrayLike<number>;
		try {
			found = tf.tidy(() =>
				tf
					.grad(of as never)(tf.tensor2d(values, [4, 4]))
					.dataSync(),
			);
		} catch (error) {
			assert.match(
				(error as Error).message,
				/gradient function not found|not registered|batchDims has no gradient/,
			);
			return;
		}
		const step = 1 / 256;
		const at = (i: number, by: number) =>
			tf.tidy(() => {
				const moved = values.slice();
				moved[i] += by;
				return of(tf.tensor2d(moved, [4, 4])).dataSync()[0];
			});
		for (let i = 0; i < values.length; i++) {
			const slope = (at(i, step) - at(i, -step)) / (2 * step);
			const off = Math.abs(found[i] - slope);
			assert.ok(
				off <= 2e-3 * (1 + Math.abs(slope)),
				`${i}: ${found[i]}, ${slope}`,
			);
		}
	});

test("mirrorPad is refused: its gradient in the library is wrong", async () => {
	const { tf } = await loadTfjs();
	const of = (x: Tf.Tensor) =>
		tf
			.mirrorPad(x, [[1, 1]], "reflect")
			.square()
			.sum();
	assert.throws(
		() => tf.grad(of as never)(tf.tensor1d([1, 2, 3])),
		/mirrorPad has a wrong gradient/,
	);
});
