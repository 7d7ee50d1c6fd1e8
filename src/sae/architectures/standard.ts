import type * as Tf from "@tensorflow/tfjs";
import { OnnxGraph } from "../../formats/onnx";
import { type CpuTrainee, cpuTrainee } from "../engine/cpu";
import { allocateStore, createSession, floatTensor } from "../engine/store";
import type {
	StepLoss,
	TraineeSettings,
	TraineeShape,
} from "../engine/trainee";
import { plainWeights } from "../engine/weights";
import type { ArchitectureRules } from ".";
import { meanSquare, type SaeTensors, type TextbookLoss } from "./textbook";

const parameters = ["W_enc", "b_enc", "W_dec", "b_dec"] as const;

/**
 * Standard (Bricken et al. 2023, "Towards monosemanticity", with the penalty of the Anthropic update of April 2024,
 * which weights each latent by the length of its decoder row, so that shrinking f and growing W_dec gains nothing):
 *
 *   f    = ReLU((x − b_dec) W_enc + b_enc)      [rows, d_sae]
 *   x̂    = f W_dec + b_dec
 *   loss = mean over rows of ‖x̂ − x‖² + λ · mean over rows of Σ f·‖W_dec‖
 *
 * At the start the decoder's rows have the length 0.1 and W_enc = W_decᵀ; after that nothing is constrained.
 */
const loss: TextbookLoss = (tf, x, w, { coefficient }) => {
	const f = latents(x, w);
	const mse = meanSquare(f.matMul(w.W_dec).add(w.b_dec).sub(x));
	const norms = tf.norm(w.W_dec, "euclidean", 1); // [d_sae]
	const sparsity = f.mul(norms).sum(1).mean().mul(coefficient).asScalar();
	return { total: mse.add(sparsity).asScalar(), mse, sparsity };
};

function latents(x: Tf.Tensor2D, w: SaeTensors): Tf.Tensor2D {
	return x.sub(w.b_dec).matMul(w.W_enc).add(w.b_enc).relu();
}

/** The fast step: ONNX Runtime computes loss and gradients, written out by hand in one graph. */
async function open(
	shape: TraineeShape,
	settings: TraineeSettings,
): Promise<CpuTrainee> {
	const { d_in, d_sae, batch } = shape;
	const store = allocateStore(shape, parameters, { count: d_sae, parts: 3 });
	const { array } = store;
	const session = await createSession(gradientGraph(shape));
	const dims = {
		W_enc: [d_sae, d_in],
		b_enc: [d_sae],
		W_dec: [d_sae, d_in],
		b_dec: [d_in],
	};
	const lambda = new Float32Array(1);
	const feeds = {
		x: floatTensor(array.x, [batch, d_in]),
		l1: floatTensor(lambda, []),
		...tensors((p) => floatTensor(array[p], dims[p])),
	};
	const fetches = {
		count: floatTensor(array.count, [d_sae]),
		parts: floatTensor(array.parts, [3]),
		...Object.fromEntries(
			parameters.map((p) => [`g_${p}`, floatTensor(array[`g_${p}`], dims[p])]),
		),
	};
	const fired = new Uint8Array(d_sae);
	return cpuTrainee({
		store,
		parameters,
		shape,
		settings,
		unit_decoder: false,
		fired,
		async gradients({ coefficient }): Promise<StepLoss> {
			lambda[0] = coefficient;
			await session.run(feeds, fetches);
			for (let i = 0; i < d_sae; i++) fired[i] = array.count[i] > 0 ? 1 : 0;
			const [mse, l1, l0] = array.parts;
			return { mse, l1, l0, sparsity: coefficient * l1, aux: 0 };
		},
		release: () => session.release(),
	});
}

/** x, the weights and λ → loss parts [mse, Σ f·‖W_dec‖, L0], firings per latent, and the four gradients. */
function gradientGraph({ d_in, d_sae, batch }: TraineeShape): Uint8Array {
	const g = new OnnxGraph();
	g.input("x", "float32", [batch, d_in]);
	g.input("W_enc", "float32", [d_sae, d_in]);
	g.input("b_enc", "float32", [d_sae]);
	g.input("W_dec", "float32", [d_sae, d_in]);
	g.input("b_dec", "float32", [d_in]);
	g.input("l1", "float32", []);
	const perRow = g.float(1 / batch);
	const rows = g.int([0]);
	const columns = g.int([1]);
	const sum = (of: string, output?: string) =>
		g.op("ReduceSum", [of, rows], { keepdims: 0 }, output);

	const centred = g.op("Sub", ["x", "b_dec"]);
	const f = g.op("Relu", [
		g.op("Gemm", [centred, "W_enc", "b_enc"], { transB: 1 }),
	]);
	const error = g.op("Sub", [g.op("Gemm", [f, "W_dec", "b_dec"]), "x"]);
	const norms = g.op("Max", [
		g.op("ReduceL2", ["W_dec", columns], { keepdims: 0 }),
		g.float(1e-12),
	]);
	const g_norm = g.op("Mul", ["l1", perRow]); // d loss / d (f·‖W_dec‖)
	const g_out = g.op("Mul", [error, g.float(2 / batch)]); // [batch, d_in]

	const sums = sum(f); // [d_sae]
	const pull = g.op("Mul", [g.op("Div", [sums, norms]), g_norm]);
	const alongRows = g.op("Mul", [g.op("Unsqueeze", [pull, columns]), "W_dec"]);
	g.op("Gemm", [f, g_out, alongRows], { transA: 1 }, "g_W_dec");

	const penalty = g.op("Mul", [norms, g_norm]);
	const g_f = g.op("Gemm", [g_out, "W_dec", penalty], { transB: 1 });
	const on = g.op("Cast", [g.op("Greater", [f, g.float(0)])], { to: 1 });
	const g_pre = g.op("Mul", [g_f, on]);
	g.op("Gemm", [g_pre, centred], { transA: 1 }, "g_W_enc");
	sum(g_pre, "g_b_enc");
	const throughInput = g.op("MatMul", ["g_b_enc", "W_enc"]); // [d_in]
	g.op("Sub", [sum(g_out), throughInput], {}, "g_b_dec");

	const count = sum(on, "count");
	const total = (of: string) => g.op("ReduceSum", [of], { keepdims: 0 });
	const parts = [
		total(g.op("Mul", [error, error])),
		total(g.op("Mul", [sums, norms])),
		total(count),
	].map((part) => g.op("Unsqueeze", [g.op("Mul", [part, perRow]), rows]));
	g.op("Concat", parts, { axis: 0 }, "parts");
	return g.build(["parts", "count", ...parameters.map((p) => `g_${p}`)]);
}

/** The four parameters, each made by `make`. */
function tensors<T>(make: (p: (typeof parameters)[number]) => T) {
	const made = parameters.map((p) => [p, make(p)] as const);
	return Object.fromEntries(made) as Record<(typeof parameters)[number], T>;
}

export const standard: ArchitectureRules = {
	parameters,
	sparsity: "l1_coefficient",
	unit_decoder: false,
	revives: false,
	saved_as: "standard",
	latents: (_, x, w) => latents(x, w),
	loss,
	open,
	weights: (state, shape) => plainWeights(state, shape),
};
