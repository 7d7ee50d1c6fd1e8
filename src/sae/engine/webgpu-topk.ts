import type { OnnxGraph } from "../../formats/onnx";
import type { DenseGraph, GradientGraph } from "./dense";
import { halfWidth, type TraineeSettings, type TraineeShape } from "./trainee";

/**
 * The gradients of topk, batchtopk and matryoshka for a graphics processor, where dense products are cheap and
 * scattered ones are not: what is sparse for the CPU is zeros here. Where several pre-activations equal the smallest that
 * is kept, all of them are.
 *
 * With `revive` the graph has two more inputs: `dead`, 1 at each dead latent [d_sae], and `weight`, what the
 * auxiliary loss is multiplied by. Of a batch it also makes `smallest` [1], the smallest latent above 0, 1e30 where none is.
 */
export const sparseGradients =
	(
		keep: "of row" | "of batch",
		widths: (settings: TraineeSettings, d_sae: number) => readonly number[],
		revive: boolean,
	): GradientGraph =>
	(d, shape, settings) => {
		const { g } = d;
		const pre = d.encode(["b_enc"]);
		const f =
			keep === "of row"
				? atLeast(g, pre, kthLargest(g, pre, settings.k, 0), pre)
				: keptOfBatch(g, pre, shape, settings.k);
		const groups = nested(g, f, widths(settings, shape.d_sae));
		const error = groups[groups.length - 1].error;
		const squares = groups.map((group) => d.squares(group.error)).reverse();
		const on = d.positive(f);
		const revived = revive ? revival(d, pre, error, shape) : undefined;
		const alpha = { float: 2 / shape.batch };
		const g_f = groups.map(({ rows, behind }) =>
			g.op("Gemm", [behind, rows], { transB: 1, alpha }),
		);
		const g_rows = groups.map(({ own, behind, from, to }) => {
			const more = revived ? [part(g, revived.g_W_dec, 0, from, to)] : [];
			return g.op("Gemm", [own, behind, ...more], { transA: 1, alpha });
		});
		let g_pre = g.op("Mul", [g.op("Concat", g_f, { axis: 1 }), on]);
		if (revived) g_pre = g.op("Add", [g_pre, revived.g_pre]);
		g.op("Concat", g_rows, { axis: 0 }, "g_W_dec");
		d.toEncoder(g_pre, d.columnSums(g_pre, "g_b_enc"), groups[0].behind);

		const sums = d.columnSums(f);
		const [mse, ...aux] = [...squares, ...(revived ? [revived.aux] : [])];
		return {
			mse,
			sparsity: g.float(0),
			aux: [g.float(0), ...aux].reduce((a, b) => g.op("Add", [a, b])),
			l0: d.total(on),
			l1: d.total(sums), // ‖W_dec‖ is 1
			sums,
		};
	};

/** A group of latents, with the error of the SAE that ends with it. */
interface Group {
	from: number;
	to: number;
	/** Its latents [batch, to − from] and its rows of W_dec. */
	own: string;
	rows: string;
	error: string;
	/** The sum of the errors that it takes part in: its own and those after it. */
	behind: string;
}

/** The SAEs of growing width, each with the latents that it has more than the one before. */
function nested(g: OnnxGraph, f: string, widths: readonly number[]): Group[] {
	const groups: Group[] = [];
	let left = g.op("Sub", ["b_dec", "x"]);
	let from = 0;
	for (const to of widths) {
		const own = part(g, f, 1, from, to);
		const rows = part(g, "W_dec", 0, from, to);
		left = g.op("Gemm", [own, rows, left]);
		groups.push({ from, to, own, rows, error: left, behind: left });
		from = to;
	}
	for (let i = groups.length - 2; i >= 0; i--)
		groups[i].behind = g.op("Add", [groups[i].error, groups[i + 1].behind]);
	return groups;
}

/** What the loss that revives dead latents adds: Σ ‖ê − e‖² times its weight, and gradients. */
function revival(
	d: DenseGraph,
	pre: string,
	error: string,
	{ d_in, d_sae, batch }: TraineeShape,
): { aux: string; g_pre: string; g_W_dec: string } {
	const { g } = d;
	const dead = g.input("dead", "float32", [d_sae]);
	const weight = g.input("weight", "float32", []);
	const away = g.op("Mul", [g.op("Sub", [dead, g.float(1)]), g.float(1e30)]);
	const onlyDead = g.op("Add", [pre, away]);
	const most = Math.min(halfWidth(d_in), d_sae);
	const least = kthLargest(g, onlyDead, most, -1e29); // where fewer are dead, all of them
	const guess = atLeast(g, onlyDead, least, pre);
	const off = g.op("Gemm", [guess, "W_dec", error]); // ê − e, with e = x − x̂
	const pull = g.op("Mul", [off, weight]);
	const alpha = { float: 2 / batch };
	return {
		aux: g.op("Mul", [d.squares(off), weight]),
		g_pre: atLeast(g, onlyDead, least, d.toLatents(pull)),
		g_W_dec: g.op("Gemm", [guess, pull], { transA: 1, alpha }),
	};
}

/**
 * The ⌊k · rows⌋ largest numbers above 0 of the whole batch, 0 elsewhere. The cut is found by halving the range where it
 * must lie: 32 times is finer than the floats around any cut that is not 500 times smaller than the largest number.
 */
function keptOfBatch(
	g: OnnxGraph,
	pre: string,
	{ d_sae, batch }: TraineeShape,
	k: number,
): string {
	const all = (type: string, of: string) => {
		const rows = g.op(type, [of, g.int([1])], { keepdims: 0 });
		return g.op(type, [rows, g.int([0])], { keepdims: 1 }); // [1]
	};
	const n = g.float(Math.min(Math.floor(k * batch), batch * d_sae));
	let low = g.float([0]);
	let high = all("ReduceMax", g.op("Relu", [pre]));
	for (let i = 0; i < 32; i++) {
		const middle = g.op("Mul", [g.op("Add", [low, high]), g.float(0.5)]);
		const above = g.op("GreaterOrEqual", [pre, middle]);
		const count = all("ReduceSum", g.op("Cast", [above], { to: 1 }));
		const enough = g.op("GreaterOrEqual", [count, n]);
		low = g.op("Where", [enough, middle, low]);
		high = g.op("Where", [enough, high, middle]);
	}
	const f = atLeast(g, pre, low, pre);
	const fires = g.op("Greater", [f, g.float(0)]);
	const smallest = all("ReduceMin", g.op("Where", [fires, f, g.float(1e30)]));
	g.op("Identity", [smallest], {}, "smallest");
	return f;
}

/** The k-th largest number of each row, at least `least`.  [rows, columns] → [rows, 1] */
function kthLargest(
	g: OnnxGraph,
	of: string,
	k: number,
	least: number,
): string {
	const [values] = g.ops("TopK", [of, g.int([k])], {}, 2);
	const smallest = g.op("ReduceMin", [values, g.int([1])], { keepdims: 1 });
	return g.op("Max", [smallest, g.float(least)]);
}

/** `then` where `value` is at least `bound`, 0 elsewhere. */
function atLeast(
	g: OnnxGraph,
	value: string,
	bound: string,
	then: string,
): string {
	const chosen = g.op("GreaterOrEqual", [value, bound]);
	return g.op("Where", [chosen, then, g.float(0)]);
}

/** What lies between two places of an axis. */
function part(
	g: OnnxGraph,
	of: string,
	axis: number,
	from: number,
	to: number,
): string {
	return g.op("Slice", [of, g.int([from]), g.int([to]), g.int([axis])]);
}
