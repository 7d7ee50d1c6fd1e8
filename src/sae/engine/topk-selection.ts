import { Tensor } from "onnxruntime-node";
import { allocate } from "../../kernels";
import { type EncoderInputs, encoderGraph, evenRows } from "./encoder";
import type { Selection } from "./sparse-trainee";
import { createSession, floatTensor } from "./store";
import type { TraineeShape } from "./trainee";

/** Up to so many pre-activations a batch it is faster to copy them all out of ONNX Runtime than to let it select. */
const few = 1 << 23;
/** Where there are more: how many parts a row is cut into. */
const cuts = 32;

/** The k largest pre-activations of each row, through ReLU, in any order. */
export function openTopk(
	inputs: EncoderInputs,
	shape: TraineeShape,
	k: number,
): Promise<Selection> {
	const { batch, d_sae } = shape;
	if (batch * d_sae <= few) return selectHere(inputs, shape, k);
	const alongside = d_sae % cuts === 0 && d_sae / cuts >= 2 * k;
	return selectThere(inputs, shape, k, alongside ? cuts : 1);
}

/** By a kernel. */
export async function selectHere(
	{ feeds }: EncoderInputs,
	shape: TraineeShape,
	k: number,
): Promise<Selection> {
	const { batch, d_sae } = shape;
	const { g, pre } = encoderGraph(shape);
	g.op("Identity", [pre], {}, "pre");
	const session = await createSession(g.build(["pre"]));
	const groups = 8 * k + 32; // at least `groupsFor(k)`
	const { array, at, kernels, memory } = allocate({
		pre: batch * d_sae,
		values: batch * k,
		indices: batch * k, // uint32
		room: groups + 2 * d_sae + 4,
	});
	const indices = new Uint32Array(memory.buffer, at.indices, batch * k);
	const fetches = { pre: floatTensor(array.pre, [batch, d_sae]) };
	return {
		async choose(rows) {
			await session.run(feeds, fetches);
			const { pre, values, indices: which, room } = at;
			kernels.selectRows(batch, d_sae, k, pre, values, which, room);
			rows.values.set(array.values);
			rows.indices.set(indices);
			evenRows(rows, k);
		},
		release: () => session.release(),
	};
}

/**
 * By ONNX Runtime. Its TopK is slow for long rows: so of the latents i, i + n, i + 2n … only the largest is looked at
 * first. The k best of those n groups hold the k largest latents; a second TopK finds them there.
 */
export async function selectThere(
	{ feeds }: EncoderInputs,
	shape: TraineeShape,
	k: number,
	cuts: number,
): Promise<Selection> {
	const { batch, d_sae } = shape;
	const n = d_sae / cuts;
	const { g, pre } = encoderGraph(shape);
	const parts = g.op("Reshape", [pre, g.int([batch, cuts, n])]);
	const largest = g.op("ReduceMax", [parts, g.int([1])], { keepdims: 0 });
	g.ops("TopK", [largest, g.int([k])], { sorted: 0 }, ["best", "group"]);
	const which = g.op("Expand", [
		g.op("Unsqueeze", ["group", g.int([1])]),
		g.int([batch, cuts, k]),
	]);
	const members = g.op("Reshape", [
		g.op("GatherElements", [parts, which], { axis: 2 }),
		g.int([batch, cuts * k]),
	]);
	g.ops("TopK", [members, g.int([k])], { sorted: 0 }, ["kept", "member"]);
	g.op("Relu", ["kept"], {}, "values");
	g.op("Cast", ["group"], { to: 6 }, "groups");
	g.op("Cast", ["member"], { to: 6 }, "members");
	const outputs = ["values", "groups", "members"];
	const session = await createSession(g.build(outputs));
	const values = new Float32Array(batch * k);
	const groups = new Int32Array(batch * k);
	const chosen = new Int32Array(batch * k);
	const fetches = {
		values: floatTensor(values, [batch, k]),
		groups: new Tensor("int32", groups, [batch, k]),
		members: new Tensor("int32", chosen, [batch, k]),
	};
	return {
		async choose(rows) {
			await session.run(feeds, fetches);
			rows.values.set(values);
			for (let j = 0; j < chosen.length; j++) {
				const first = j - (j % k); // of the row
				const group = groups[first + (chosen[j] % k)];
				rows.indices[j] = Math.floor(chosen[j] / k) * n + group;
			}
			evenRows(rows, k);
		},
		release: () => session.release(),
	};
}
