import type * as Tf from "@tensorflow/tfjs";
import type { ArchitectureRules } from "../architectures";
import type {
	LossParts,
	SaeTensors,
	TextbookLoss,
	TextbookStep,
} from "../architectures/textbook";
import { type CpuTrainee, cpuTrainee } from "./cpu";
import { allocateStore } from "./store";
import { loadTfjs } from "./tfjs";
import type {
	Parameter,
	StepLoss,
	StepPlan,
	TraineeSettings,
	TraineeShape,
} from "./trainee";

type Sparsity = Pick<StepLoss, "l0" | "l1">;

/**
 * An SAE in training whose gradients TensorFlow.js finds by itself, from the architecture's textbook loss or from one of a
 * user's own. Everything after the gradients, clipping, Adam and the lengths of the decoder, is that of the fast
 * engine, so both take the same steps. Which latents fire is always as the architecture says.
 */
export async function openTfjs(
	rules: ArchitectureRules,
	shape: TraineeShape,
	settings: TraineeSettings,
	loss: TextbookLoss = rules.loss,
): Promise<CpuTrainee> {
	const { tf } = await loadTfjs();
	const { parameters } = rules;
	const { d_in, d_sae, batch } = shape;
	const store = allocateStore(shape, parameters, { along: d_sae });
	const array = store.array as Record<string, Float32Array>;
	const fired = new Uint8Array(d_sae);
	const numbers = { ...rules.numbers };

	/** One step's loss; what TensorFlow.js holds for it is gone when it returns. */
	const differentiate = ({ coefficient, dead }: StepPlan) =>
		tf.tidy(() => {
			const x = tf.tensor2d(array.x.slice(), [batch, d_in]);
			const mask = new Float32Array(d_sae);
			for (const i of dead) mask[i] = 1;
			const now = { coefficient, dead: tf.tensor1d(mask), settings };
			const at = parameters.map((p) => tensorOf(tf, p, array[p], shape));
			let parts = { mse: 0, sparsity: 0, aux: 0 };
			const w = named(parameters, at);
			const evaluate = () => {
				const found = loss(tf, x, w, now);
				parts = valuesOf(found);
				return found.total;
			};
			const grads = gradientsOf(tf, evaluate, at);
			for (const [i, p] of parameters.entries())
				putGradient(tf, p, grads[i], array[`g_${p}`]);
			return { ...parts, ...countLatents(x, w, now) };
		});

	/** L0 and L1, `fired`, and the running threshold where there is one. */
	function countLatents(
		x: Tf.Tensor2D,
		w: SaeTensors,
		now: TextbookStep,
	): Sparsity {
		const f = rules.latents(tf, x, w, now);
		const on = f.greater(0);
		fired.set(on.any(0).dataSync());
		const l0 = on.cast("float32").sum().dataSync()[0] / batch;
		const norms = tf.norm(w.W_dec, "euclidean", 1);
		const l1 = f.mul(norms).sum().dataSync()[0] / batch;
		if (rules.follow && l0 > 0) {
			const smallest = tf.where(on, f, tf.fill(f.shape, Infinity)).min();
			rules.follow(numbers, smallest.dataSync()[0], settings);
		}
		return { l0, l1 };
	}

	return cpuTrainee({
		store,
		parameters,
		shape,
		settings,
		unit_decoder: rules.unit_decoder,
		fired,
		numbers,
		gradients: async (plan) => differentiate(plan),
		release: async () => {},
	});
}

/** The gradients of a loss; null where it leaves a tensor out. Throws where TensorFlow.js cannot differentiate it. */
function gradientsOf(
	tf: typeof Tf,
	loss: () => Tf.Tensor,
	at: Tf.Tensor[],
): (Tf.Tensor | null)[] {
	try {
		return tf.engine().gradients(loss, at, undefined, true).grads;
	} catch (error) {
		const { message } = error as Error;
		const [, name] =
			/gradient function not found for (\w+)/.exec(message) ?? [];
		const [, missing] = /Kernel '(\w+)' not registered/.exec(message) ?? [];
		if (missing)
			throw new Error(
				`The loss, or its gradient, needs TensorFlow.js's operation "${missing}", which its WebAssembly backend does not have: write the loss with others, such as matMul, mul and sum.`,
				{ cause: error },
			);
		if (!name && /gradient in (WebAssembly|TensorFlow)/.test(message))
			throw new Error(`The loss cannot be differentiated: ${message}.`, {
				cause: error,
			});
		if (!name) throw error;
		throw new Error(
			`TensorFlow.js has no gradient for "${name}", which the loss uses: hold what it computes fixed with detached(tf, t, compute), or write the loss without it.`,
			{ cause: error },
		);
	}
}

/** W_enc is [d_in, d_sae] in the textbook, and [d_sae, d_in] in training. */
function tensorOf(
	tf: typeof Tf,
	p: Parameter,
	data: Float32Array,
	{ d_in, d_sae }: TraineeShape,
): Tf.Tensor {
	if (p !== "W_enc" && p !== "W_dec") return tf.tensor1d(data.slice());
	const matrix = tf.tensor2d(data.slice(), [d_sae, d_in]);
	return p === "W_enc" ? matrix.transpose() : matrix;
}

function named(
	parameters: readonly Parameter[],
	tensors: Tf.Tensor[],
): SaeTensors {
	return Object.fromEntries(
		parameters.map((p, i) => [p, tensors[i]]),
	) as unknown as SaeTensors;
}

function putGradient(
	tf: typeof Tf,
	p: Parameter,
	gradient: Tf.Tensor | null,
	to: Float32Array,
): void {
	if (!gradient) to.fill(0);
	else
		to.set(
			(p === "W_enc"
				? tf.transpose(gradient)
				: gradient
			).dataSync() as Float32Array,
		);
}

/** The numbers of a loss. Throws where a loss of a user's own is no loss. */
function valuesOf({ total, mse, sparsity, aux }: LossParts) {
	for (const [name, part] of Object.entries({ total, mse, sparsity, aux })) {
		if (part === undefined && name !== "total" && name !== "mse") continue;
		if (part?.size !== 1)
			throw new Error(
				`The loss gives ${name} as ${part ? `a tensor of shape [${part.shape}]` : "nothing"}; a scalar is needed, and at least { total, mse }.`,
			);
	}
	const value = (t?: Tf.Scalar) => t?.dataSync()[0] ?? 0;
	return { mse: value(mse), sparsity: value(sparsity), aux: value(aux) };
}
