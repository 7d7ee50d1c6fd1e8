import type { Scope } from "./blocks";

/** The first stream, flat [N, d_model]: the tokens' rows of the table plus the positions'. */
export function embed({ g, shapes }: Scope, ids: string): string {
	const places = g.op("Slice", [
		"transformer.wpe.weight",
		g.int([0]),
		"seq_length",
		g.int([0]),
	]);
	const words = g.op(
		"Gather",
		["transformer.wte.weight", ids],
		{},
		"hook_embed",
	);
	return g.op(
		"Reshape",
		[g.op("Add", [words, places]), shapes.stream],
		{},
		"blocks.0.hook_resid_pre",
	);
}

/** The tied head and the loss: `dOutput` is the gradient of the last norm's output, `dTable` the head's share of the table's. */
export function crossEntropy({ g }: Scope, x: string, targets: string) {
	const flat = g.op("Reshape", [targets, g.int([-1, 1])]);
	const zero = g.op("Cast", [g.int(0)], { to: 6 });
	const counted = g.op("Cast", [g.op("GreaterOrEqual", [flat, zero])], {
		to: 1,
	}); // [N, 1]
	const target = g.op("Max", [flat, zero]);
	const logits = g.op(
		"Gemm",
		[x, "transformer.wte.weight"],
		{ transB: 1 },
		"logits",
	);
	const probabilities = g.op("Softmax", [logits], { axis: -1 }); // [N, d_vocab]
	const right = g.op("GatherElements", [probabilities, target], { axis: 1 });
	const floor = g.float(1e-37);
	const logs = g.op("Log", [g.op("Max", [right, floor])]);
	const nats = g.op("Mul", [g.op("Neg", [logs]), counted], {}, "nats");
	g.op("ReduceSum", [nats], { keepdims: 0 }, "loss");
	g.op("ReduceSum", [counted], { keepdims: 0 }, "count");
	// d logits = p − onehot; rows that are not counted are dropped on the narrow side of the products
	const dLogits = g.op(
		"ScatterElements",
		[probabilities, target, g.op("Sub", [right, g.float(1)])],
		{ axis: 1 },
	);
	g.input("emphasis", "float32", ["batch", "seq"]);
	const column = g.op("Reshape", ["emphasis", g.int([-1, 1])]);
	const emphasis = g.op("Mul", [column, counted]);
	const kept = g.op("Mul", [x, emphasis]);
	return {
		dTable: g.op("Gemm", [dLogits, kept], { transA: 1 }),
		dOutput: g.op("Mul", [
			g.op("Gemm", [dLogits, "transformer.wte.weight"]),
			emphasis,
		]),
	};
}

/** The table's gradient is the head's share plus, row by row, the stream's gradient at each token; likewise the positions'. */
export function embedBackward(
	{ g, gradient, d_model }: Scope,
	n_ctx: number,
	ids: string,
	dStream: string,
	dTable: string,
): void {
	const shape = g.op("Concat", [g.op("Shape", [ids]), g.int([d_model])], {
		axis: 0,
	});
	const dEmbed = g.op("Reshape", [dStream, shape], {}, "grad.hook_embed");
	const rows = g.op("Expand", [
		g.op("Reshape", [ids, g.int([-1, 1])]),
		g.int([1, d_model]),
	]);
	gradient(
		"transformer.wte.weight",
		g.op("ScatterElements", [dTable, rows, dStream], {
			axis: 0,
			reduction: "add",
		}),
	);
	const dPlaces = g.op("ReduceSum", [dEmbed, g.int([0])], { keepdims: 0 }); // [seq, d_model]
	const missing = g.op("Sub", [g.int([n_ctx]), "seq_length"]);
	gradient(
		"transformer.wpe.weight",
		g.op("Pad", [
			dPlaces,
			g.op("Concat", [g.int([0, 0]), missing, g.int([0])], { axis: 0 }),
		]),
	);
}
