import type { ArchitectureRules } from "../architectures";
import { type CpuTrainee, cpuTrainee } from "./cpu";
import { type EncoderInputs, encoderInputs, openReviver } from "./encoder";
import { allocateSparse, type Entries, openSparse } from "./sparse";
import {
	halfWidth,
	type StepLoss,
	type TraineeSettings,
	type TraineeShape,
} from "./trainee";

/** What tells one sparse architecture from another. */
export interface SparseParts {
	/** How many latents each nested reconstruction has, increasing; the last is d_sae. Default: d_sae alone. */
	widths?: readonly number[];
	/** The most entries of a batch. */
	capacity: number;
	/** Numbers besides the tensors that training changes. */
	numbers?: Record<string, number>;
	select(inputs: EncoderInputs): Promise<Selection>;
}

export interface Selection {
	/** Fills `rows` with the latents of the batch in `inputs` (with several widths, ascending in each row). */
	choose(rows: Entries): Promise<void>;
	release(): Promise<void>;
}

/**
 * An SAE in training that decodes few latents a row: ONNX Runtime encodes and selects, the kernels do everything that is
 * sparse. The loss is the sum of the reconstructions' of each width, and what revives dead latents as in `topk.ts`;
 * `mse` is that of the whole SAE, `aux` the rest.
 */
export async function openSparseTrainee(
	{ parameters }: Pick<ArchitectureRules, "parameters">,
	shape: TraineeShape,
	settings: TraineeSettings,
	{ widths = [shape.d_sae], capacity, numbers, select }: SparseParts,
): Promise<CpuTrainee> {
	const { d_in, d_sae, batch } = shape;
	const half = halfWidth(d_in);
	const dead_capacity = batch * Math.min(half, d_sae);
	const sizes = { widths, capacity, dead_capacity };
	const store = allocateSparse(shape, parameters, sizes, settings);
	const sparse = openSparse(store, shape, sizes);
	const inputs = encoderInputs(store, shape);
	const [selection, reviver] = await Promise.all([
		select(inputs),
		openReviver(inputs, shape),
	]).catch(async (error) => {
		await store.crew.release();
		throw error;
	});
	return cpuTrainee({
		store,
		parameters,
		shape,
		settings,
		unit_decoder: true,
		fired: sparse.fired,
		numbers,
		async gradients({ dead }): Promise<StepLoss> {
			sparse.centre();
			inputs.update();
			await selection.choose(sparse.rows);
			const weight =
				settings.aux_loss_coefficient * Math.min(dead.length / half, 1);
			const n = Math.min(half, dead.length);
			if (weight > 0) await reviver.run(dead, n, sparse.dead_rows);
			const { squares, dead: left } = sparse.backward(1, weight);
			const [mse, ...inner] = squares.reverse();
			const aux = inner.reduce((a, b) => a + b, weight * left);
			return { mse, sparsity: 0, aux, ...sparse.firing() };
		},
		async release() {
			await store.crew.release();
			await selection.release();
			await reviver.release();
		},
	});
}
