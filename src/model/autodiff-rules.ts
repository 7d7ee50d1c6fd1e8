import { movingRules } from "./autodiff-moving";
import { type Rule, type Step, unary } from "./autodiff-step";
import { withoutDenormals } from "./denormals";
import { at, broadcast } from "./dimensions";

/** sqrt(2 / π) twice, and the cubic term of the tanh form of GELU (Hendrycks & Gimpel 2016). */
const c1 = 2 * Math.sqrt(2 / Math.PI);
const c3 = c1 * 0.044715;

/** The rules by operator, each with its formula where that is more than a line. `dy` is the gradient of the output y. */
export const rules: Record<string, Rule> = {
	Identity: unary(({ dy }) => dy),
	Cast: unary(({ dy }) => dy), // gradients are float32, whatever the weights are kept in
	Neg: unary(({ op, dy }) => op("Neg", [dy])),
	Exp: unary(({ op, dy, y }) => op("Mul", [dy, y])),
	Log: unary(({ op, dy, x }) => op("Div", [dy, x[0]])),
	Relu: unary(({ g, op, dy, x }) =>
		op("Where", [op("Greater", [x[0], g.float(0)]), dy, g.float(0)]),
	),
	Sqrt: unary(({ g, op, dy, y }) =>
		op("Div", [op("Mul", [dy, g.float(0.5)]), y]),
	),
	Reciprocal: unary(({ op, dy, y }) =>
		op("Neg", [op("Mul", [dy, op("Mul", [y, y])])]),
	),
	Tanh: unary(({ g, op, dy, y }) =>
		op("Mul", [dy, op("Sub", [g.float(1), op("Mul", [y, y])])]),
	),
	Sigmoid: unary(({ g, op, dy, y }) =>
		op("Mul", [dy, op("Mul", [y, op("Sub", [g.float(1), y])])]),
	),
	Gelu: unary((step) =>
		step.node.attributes.approximate === "tanh"
			? geluByTanh(step)
			: geluByErf(step),
	),

	Add: ({ dy, x, fit }) => [() => fit(dy, x[0]), () => fit(dy, x[1])],
	Sub: ({ op, dy, x, fit }) => [
		() => fit(dy, x[0]),
		() => op("Neg", [fit(dy, x[1])]),
	],
	Mul: ({ op, dy, x, fit }) => [
		() => fit(op("Mul", [dy, x[1]]), x[0]),
		() => fit(op("Mul", [dy, x[0]]), x[1]),
	],
	Div: ({ op, dy, x, y, fit }) => [
		() => fit(op("Div", [dy, x[1]]), x[0]),
		() => op("Neg", [fit(op("Div", [op("Mul", [dy, y]), x[1]]), x[1])]),
	],
	Where: ({ g, op, dy, x, fit }) => [
		undefined,
		() => fit(op("Where", [x[0], dy, g.float(0)]), x[1]),
		() => fit(op("Where", [x[0], g.float(0), dy]), x[2]),
	],

	MatMul: products,
	FusedMatMul: products,
	Gemm: ({ g, op, dy, x, node, fit }) => {
		const { transA, transB } = node.attributes as Record<string, number>;
		const { alpha, beta } = node.attributes as Record<
			string,
			{ float: number }
		>;
		const gemm = (a: string, b: string, turnA: boolean, turnB: boolean) =>
			op("Gemm", [a, b], {
				transA: Number(turnA),
				transB: Number(turnB),
				alpha: { float: alpha?.float ?? 1 },
			});
		const by = beta?.float ?? 1;
		return [
			() =>
				transA
					? gemm(x[1], dy, !!transB, true)
					: gemm(dy, x[1], false, !transB),
			() =>
				transB
					? gemm(dy, x[0], true, !!transA)
					: gemm(x[0], dy, !transA, false),
			() => fit(by === 1 ? dy : op("Mul", [dy, g.float(by)]), x[2]),
		];
	},

	LayerNormalization: normalisation,
	// dx = y · (dy − Σ dy · y)
	Softmax: unary(({ g, op, dy, y, node }) => {
		const axis = g.int([Number(node.attributes.axis ?? -1)]);
		const total = op("ReduceSum", [op("Mul", [dy, y]), axis], { keepdims: 1 });
		return withoutDenormals(g, op("Mul", [op("Sub", [dy, total]), y]));
	}),
	// dx = dy − softmax(x) · Σ dy
	LogSoftmax: unary(({ g, op, dy, y, node }) => {
		const axis = g.int([Number(node.attributes.axis ?? -1)]);
		const total = op("ReduceSum", [dy, axis], { keepdims: 1 });
		return op("Sub", [dy, op("Mul", [op("Exp", [y]), total])]);
	}),

	ReduceSum: (step) => [() => repeated(step, step.dy)],
	ReduceMean: (step) => [
		() => {
			const { op, x, y, dy } = step;
			const size = (name: string) =>
				op("Cast", [op("Size", [name])], { to: 1 });
			const share = op("Div", [size(y), size(x[0])]);
			return repeated(step, op("Mul", [dy, share]));
		},
	],
	// dx = softmax(x) · dy
	ReduceLogSumExp: (step) => [
		() => {
			const { op, x, shape, axes } = step;
			const [axis, more] = axes(1) ?? shape(x[0]).map((_, i) => i);
			if (axis === undefined || more !== undefined)
				throw new Error(
					`The gradient of ReduceLogSumExp (of "${step.y}") has a rule for one axis, not for several.`,
				);
			const shares = op("Softmax", [x[0]], { axis });
			return op("Mul", [shares, standing(step, step.dy)]);
		},
	],

	...movingRules,
};

/** gelu(x) = x · s with s = sigmoid(x · (c1 + c3 x²)): the slope is s + (1 − s) · y · (c1 + 3 c3 x²). */
function geluByTanh({ g, op, dy, x: [x], y }: Step): string {
	const square = op("Mul", [x, x]);
	const plus = (factor: number) =>
		op("Add", [op("Mul", [square, g.float(factor)]), g.float(c1)]);
	const gate = op("Sigmoid", [op("Mul", [plus(c3), x])]);
	const rest = op("Mul", [op("Sub", [g.float(1), gate]), y]);
	const slope = op("Add", [op("Mul", [rest, plus(3 * c3)]), gate]);
	return op("Mul", [dy, slope]);
}

/** gelu(x) = x · Φ(x): the slope is Φ(x) + x · φ(x), Φ and φ being the normal distribution and its density. */
function geluByErf({ g, op, dy, x: [x] }: Step): string {
	const erf = op("Erf", [op("Mul", [x, g.float(Math.SQRT1_2)])]);
	const share = op("Mul", [op("Add", [erf, g.float(1)]), g.float(0.5)]);
	const power = op("Mul", [op("Mul", [x, x]), g.float(-0.5)]);
	const density = op("Mul", [
		op("Exp", [power]),
		g.float(1 / Math.sqrt(2 * Math.PI)),
	]);
	return op("Mul", [dy, op("Add", [op("Mul", [x, density]), share])]);
}

/** y = α · A · B: dA = α · dy · Bᵀ and dB = α · Aᵀ · dy, with either side transposed or one matrix for a whole stack. */
function products({ g, op, dy, x, y, node, product, shape, fit }: Step) {
	const { transA, transB } = node.attributes as Record<string, number>;
	const alpha = (node.attributes.alpha as { float: number } | undefined)?.float;
	const [a, b] = x;
	const stacks = shape(y).slice(0, -2);
	const made = (name: string) =>
		broadcast([...stacks, 1, 1], shape(name).slice(-2));
	const dA = () =>
		transA
			? product(b, dy, { transA: !!transB, transB: true, alpha })
			: product(dy, b, { transB: !transB, alpha });
	const dB = () =>
		transB
			? product(dy, a, { transA: true, transB: !!transA, alpha })
			: product(a, dy, { transA: !transA, alpha });
	const oneForAll = () => {
		const rows = (name: string, like: string) =>
			op("Reshape", [name, g.int([-1, Number(shape(like).at(-1))])]);
		const [left, right] = transB
			? [rows(dy, y), rows(a, a)]
			: [rows(a, a), rows(dy, y)];
		return op("Gemm", [left, right], {
			transA: 1,
			alpha: { float: alpha ?? 1 },
		});
	};
	return [
		() => fit(dA(), a, made(a)),
		() =>
			!transA && shape(b).length === 2 && shape(a).length > 2
				? oneForAll()
				: fit(dB(), b, made(b)),
	];
}

/**
 * y = x̂ · weight + bias with x̂ = (x − mean) · inverse, along the last axis:
 * dx = inverse · (dx̂ − mean(dx̂) − x̂ · mean(dx̂ · x̂)) with dx̂ = dy · weight.
 */
function normalisation({ g, op, dy, x, node, fit, shape }: Step) {
	const rank = shape(x[0]).length;
	const [d] = shape(x[1]);
	if (
		at(node.attributes.axis ?? -1, rank) !== rank - 1 ||
		typeof d !== "number"
	)
		throw new Error(
			`The gradient of LayerNormalization (of "${node.outputs[0]}") has a rule for a last axis of known size only.`,
		);
	const once = (write: () => string) => {
		let value = "";
		return () => {
			value ||= write();
			return value;
		};
	};
	const inverse = () => g.outputOf(node, 2);
	const hat = once(() =>
		op("Mul", [op("Sub", [x[0], g.outputOf(node, 1)]), inverse()]),
	);
	const along = once(() => op("Mul", [dy, hat()]));
	return [
		() => {
			const share = op("Reshape", [
				op("Mul", [x[1], g.float(1 / d)]),
				g.int([-1, 1]),
			]); // a product with it is the mean of what is times the weight
			const slope = op("Mul", [hat(), op("MatMul", [along(), share])]);
			const flat = op("Sub", [op("Mul", [dy, x[1]]), slope]);
			const centred = op("Sub", [flat, op("MatMul", [dy, share])]);
			return op("Mul", [centred, inverse()]);
		},
		() => fit(along(), x[1]),
		() => fit(dy, x[2]),
	];
}

/** A gradient with the axes back that a reduction took away. */
function standing({ g, op, x, shape, axes, node }: Step, dy: string): string {
	if (node.attributes.keepdims !== 0) return dy;
	const all = shape(x[0]).map((_, i) => i);
	return op("Unsqueeze", [dy, g.int(axes(1) ?? all)]);
}

/** A gradient repeated along the axes that a reduction took away. */
function repeated(step: Step, dy: string): string {
	const { op, x } = step;
	return op("Expand", [standing(step, dy), op("Shape", [x[0]])]);
}
