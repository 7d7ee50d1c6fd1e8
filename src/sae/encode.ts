import type { InferenceSession } from "onnxruntime-node";
import { centre, writesToStream } from "../activations";
import { checkFinite } from "../finite";
import { OnnxGraph } from "../formats/onnx";
import type { HookName } from "../model";
import { createSession, floatTensor } from "./engine/store";
import { denseLatents, type LatentParts } from "./latents-graph";
import { normalizeRows, scalesRows } from "./normalize";
import { openSelector } from "./select";
import { addChosen, addDense, type SparseBuilder } from "./sparse-rows";
import type { SaeConfig, SaeWeights } from "./types";

/** Encodes rows [n, d_in] as the model has them, and adds what it finds to `to`. */
export interface Encoder {
	(
		x: Float32Array,
		to: SparseBuilder,
		/** The number of the first row, for what is said of it. Default: 0. */
		first?: number,
	): Promise<void>;
	/** Frees the session; another call makes a new one. */
	release(): Promise<void>;
}

/** Numbers of a chunk of latents, which is dense for a moment: 32 MiB. */
const CHUNK = 2 ** 23;
/** Up to so many latents the k largest are found faster by a kernel, from all of them, than by ONNX Runtime's TopK. */
const FEW = 4096;

/**
 * The encoder of an SAE. Its session is made at the first call, and holds a copy of the encoder's weights, packed: that
 * makes it a quarter faster than weights that are passed with each call, and a row has the same latents whatever rows
 * are beside it.
 */
export function makeEncoder(cfg: SaeConfig, weights: SaeWeights): Encoder {
	const { d_in, d_sae } = cfg;
	const rows = Math.max(16, Math.min(1024, Math.floor(CHUNK / d_sae)));
	let session: Promise<InferenceSession> | undefined;
	async function encode(
		x: Float32Array,
		to: SparseBuilder,
		first?: number,
	): Promise<void> {
		checkRows(x, d_in, first);
		session ??= openEncoder(cfg, weights);
		const open = await session;
		const collector = collectorOf(cfg, rows);
		const compute = (from: number) => {
			const some = prepare(x.subarray(from, from + rows * d_in), cfg, to);
			const n = some.length / d_in;
			const feeds = { x: floatTensor(some, [n, d_in]) };
			return open.run(feeds, collector.fetches(n));
		};
		try {
			for (let from = 0; from < x.length; from += rows * d_in)
				collector.add(await compute(from), to);
		} finally {
			collector.release?.();
		}
	}
	async function release(): Promise<void> {
		const open = session;
		session = undefined;
		await (await open)?.release();
	}
	return Object.assign(encode, { release });
}

/** What a session computes of a chunk, and how that becomes sparse. */
interface Collector {
	fetches(n: number): InferenceSession.FetchesType;
	add(out: InferenceSession.OnnxValueMapType, to: SparseBuilder): void;
	release?(): void;
}

function isChosenHere({ architecture, d_sae }: SaeConfig): boolean {
	return architecture === "topk" && d_sae <= FEW;
}

function collectorOf(cfg: SaeConfig, rows: number): Collector {
	const { architecture, d_sae, k = 1 } = cfg;
	if (isChosenHere(cfg)) {
		const selector = openSelector(rows, d_sae, k);
		return {
			fetches: (n) => ({ z: floatTensor(selector.room(n), [n, d_sae]) }),
			add: (_, to) => selector.choose(to),
			release: selector.release,
		};
	}
	if (architecture === "topk")
		return {
			fetches: () => ["values", "indices"],
			add({ values, indices }, to) {
				const which = indices.data as Int32Array;
				addChosen(to, values.data as Float32Array, which, values.dims[0]);
			},
		};
	return {
		fetches: () => ["f"],
		add: ({ f }, to) => addDense(to, f.data as Float32Array, f.dims[0]),
	};
}

/** Throws unless these are whole rows of finite numbers; `first`: the number of the first one. */
export function checkRows(x: Float32Array, d_in: number, first = 0): void {
	if (x.length % d_in !== 0)
		throw new Error(
			`${x.length} values do not make whole rows of ${d_in}, the width that this SAE reads.`,
		);
	checkFinite(x, d_in, "the activations", {
		first,
		advice: "extract them again, or leave that sentence out",
	});
}

/** Whether each row's mean is taken out: at a hook of the stream, as `extract` does it. */
export function centres(cfg: SaeConfig): boolean {
	const { center_writing_weights, hook_name } = cfg;
	return (
		Boolean(center_writing_weights) && writesToStream(hook_name as HookName)
	);
}

/** A copy of rows, each less its mean where the SAE wants that. */
export function centredRows(x: Float32Array, cfg: SaeConfig): Float32Array {
	const rows = x.slice();
	if (!centres(cfg)) return rows;
	for (let from = 0; from < rows.length; from += cfg.d_in)
		centre(rows.subarray(from, from + cfg.d_in));
	return rows;
}

/** What is encoded of a chunk of rows. How they were scaled is noted. */
function prepare(
	x: Float32Array,
	cfg: SaeConfig,
	to: SparseBuilder,
): Float32Array {
	const mode = cfg.normalize_activations;
	if (!centres(cfg) && !scalesRows(mode)) return x;
	const rows = centredRows(x, cfg);
	const scaling = normalizeRows(rows, cfg.d_in, mode);
	if (scaling) to.scale(scaling);
	return rows;
}

/** A session that computes of rows what a `Collector` gathers. */
function openEncoder(
	cfg: SaeConfig,
	weights: SaeWeights,
): Promise<InferenceSession> {
	const { architecture, d_in, d_sae, k = 1 } = cfg;
	const g = new OnnxGraph();
	const constants: Record<string, Float32Array> = {};
	const constant = (name: string, data: Float32Array, shape = [d_sae]) => {
		const columns = shape[shape.length - 1];
		const advice = "load or train the autoencoder again";
		checkFinite(data, columns, `this SAE's ${name}`, { advice });
		constants[name] = data;
		const where = { location: name, offset: 0, length: data.byteLength };
		return g.external(name, { type: "float32", shape, ...where });
	};
	let x = g.input("x", "float32", ["rows", d_in]);
	if (cfg.apply_b_dec_to_input)
		x = g.op("Sub", [x, constant("b_dec", weights.b_dec, [d_in])]);
	const W_enc = constant("W_enc", weights.W_enc, [d_in, d_sae]);
	const parts: LatentParts = {
		product: (...bias) => g.op("Gemm", [x, W_enc, ...bias], {}, "z"),
		parameter: (name) => constant(name, weights[name] as Float32Array),
	};
	const open = (...outputs: string[]) =>
		createSession(g.build(outputs), constants);

	if (architecture !== "topk") {
		return open(denseLatents(g, architecture, parts, "f"));
	}
	const z = parts.product(parts.parameter("b_enc"));
	if (isChosenHere(cfg)) return open("z");
	g.ops("TopK", [z, g.int([k])], { sorted: 0 }, ["values", "which"]);
	g.op("Cast", ["which"], { to: 6 }, "indices");
	return open("values", "indices");
}
