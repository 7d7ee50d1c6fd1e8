import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
	Instance,
	Memory,
	Module,
	type WasmMemory,
	type WasmModule,
} from "./webassembly";

/** The WebAssembly SIMD loops of `assembly/`. Pointers are byte offsets into the memory of `allocate`. */
export interface Kernels {
	/**
	 * One Adam step in place on n numbers, rounded up to a multiple of 4 (arrays of `allocate` have the room):
	 * `alpha` = lr·√(1−β₂ᵗ)/(1−β₁ᵗ) and `eps` = ε·√(1−β₂ᵗ) are corrected for bias by the caller.
	 */
	adam(
		w: number,
		g: number,
		m: number,
		v: number,
		n: number,
		beta1: number,
		beta2: number,
		alpha: number,
		eps: number,
	): void;
	/** Σ a·b */
	dot(a: number, b: number, n: number): number;
	/** y += a·x */
	axpy(y: number, x: number, a: number, n: number): void;
	/** x *= a */
	scale(x: number, a: number, n: number): void;
	/** Σ x² */
	sumSquares(x: number, n: number): number;
	/** out[j] += a · Σ over rows of x[row, j] */
	columnSums(out: number, x: number, a: number, rows: number, n: number): void;
	/** Gives every row of w [rows, n] the length 1; a row of zeros stays. */
	normalizeRows(w: number, rows: number, n: number): void;
	/** Takes from every row of g [rows, n] its part along the same row of w, whose rows have the length 1. */
	projectRows(g: number, w: number, rows: number, n: number): void;
	/** Sparse decode and its backward pass, never dense: see `assembly/sparse.ts`. Returns Σ over rows of ‖error‖². */
	sparseBackward(
		rows: number,
		k: number,
		d: number,
		c: number,
		indices: number,
		values: number,
		target: number,
		x: number,
		W_dec: number,
		g_W_dec: number,
		g_W_enc: number,
		g_b_enc: number,
		error: number,
		gradient: number,
	): number;
}

/** Named float32 arrays side by side in one WebAssembly memory. */
export interface Allocation<Name extends string = string> {
	memory: WasmMemory;
	/** Views of the memory; ONNX Runtime takes them as they are. */
	array: Record<Name, Float32Array>;
	/** Byte offsets, for the kernels. */
	at: Record<Name, number>;
	kernels: Kernels;
}

const PAGE = 65536;
const LARGEST = 65535 * PAGE;
const FIRST = 4096; // the module's own constants lie below

let compiled: WasmModule | undefined;

/**
 * Lays out arrays of zeros in one new WebAssembly memory, each beginning at a multiple of 64 bytes
 * and padded to one, and gives the kernels that work on them.
 *
 * @param sizes how many float32 numbers each array holds
 * @throws when a size is not a whole number, when all together pass 4 GiB, or when the kernels are not compiled
 */
export function allocate<Name extends string>(
	sizes: Record<Name, number>,
): Allocation<Name> {
	const names = Object.keys(sizes) as Name[];
	const at = {} as Record<Name, number>;
	let end = FIRST;
	for (const name of names) {
		const n = sizes[name];
		if (!Number.isInteger(n) || n < 0)
			throw new Error(
				`The array "${name}" was given the size ${n}; a whole number of values is needed.`,
			);
		at[name] = end;
		end += Math.ceil((n * 4) / 64) * 64;
	}
	if (end > LARGEST)
		throw new Error(
			`These arrays need ${(end / 2 ** 30).toFixed(1)} GiB, and one WebAssembly memory holds at most 4 GiB: choose smaller ones.`,
		);
	const pages = Math.ceil(end / PAGE);
	const memory = new Memory({ initial: pages, maximum: pages });
	const array = {} as Record<Name, Float32Array>;
	for (const name of names)
		array[name] = new Float32Array(memory.buffer, at[name], sizes[name]);
	const instance = new Instance(kernelModule(), {
		env: { memory },
	});
	return {
		memory,
		array,
		at,
		kernels: instance.exports as Kernels,
	};
}

function kernelModule(): WasmModule {
	if (!compiled) {
		const file = join(__dirname, "../../dist/kernels.wasm");
		if (!existsSync(file))
			throw new Error(
				"The compiled kernels (dist/kernels.wasm) are missing: run `npm run build`.",
			);
		compiled = new Module(readFileSync(file));
	}
	return compiled;
}
