import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Crew, makeCrew } from "./crew";
import {
	Instance,
	Module,
	makeMemory,
	type WasmMemory,
	type WasmModule,
} from "./webassembly";

export { checkRoom, noMemory } from "./webassembly";

/**
 * The WebAssembly SIMD loops of `assembly/`, which says what each does. Pointers are byte offsets into the memory of
 * `allocate`.
 */
export interface Kernels {
	/**
	 * One Adam step in place, of the numbers from..to, with the gradient times `clip`. `from` is a multiple of 4 and `to`
	 * is rounded up to one (arrays of `allocate` have the room); `alpha` = lr·√(1−β₂ᵗ)/(1−β₁ᵗ) and `eps` = ε·√(1−β₂ᵗ) are
	 * corrected for bias by the caller.
	 */
	adam(
		from: number,
		to: number,
		w: number,
		g: number,
		m: number,
		v: number,
		clip: number,
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
	/** out += Σ over j of by[j] · rows[which[j]] */
	addRows(
		out: number,
		n: number,
		count: number,
		which: number,
		by: number,
		rows: number,
	): void;
	/** out[j] = a · Σ x·rows[which[j]] */
	dotRows(
		out: number,
		x: number,
		a: number,
		n: number,
		count: number,
		which: number,
		rows: number,
	): void;
	/** The k largest numbers above 0 of each row of x [rows, n], in any order, and where they stand; 0 where there are fewer. */
	selectRows(
		rows: number,
		n: number,
		k: number,
		x: number,
		values: number,
		indices: number,
		room: number,
	): void;
	/** `room` of `selectRows` holds so many numbers and 2·n + 4. */
	groupsFor(k: number): number;
	/** The parts of a sparse step that one thread does: see `sparse.ts`. */
	markEntries(...args: number[]): number;
	countEntries(...args: number[]): number;
	startColumns(...args: number[]): void;
	placeEntries(...args: number[]): void;
}

/** Kernels that do a part of their work, `(from, to, …)`: for `Crew.run`. */
export type PartKernel =
	| "adam"
	| "adamUnitRows"
	| "centreRows"
	| "decodeRows"
	| "gatherLatents"
	| "groupMeans"
	| "nearestRows"
	| "timesRows";

/** Named float32 arrays side by side in one WebAssembly memory. */
export interface Allocation<Name extends string = string> {
	memory: WasmMemory;
	/** Views of the memory. ONNX Runtime takes them as they are where the memory is not shared, otherwise not at all. */
	array: Record<Name, Float32Array>;
	/** Byte offsets, for the kernels. */
	at: Record<Name, number>;
	kernels: Kernels;
	/** The threads that work on it; whoever allocates with more than one thread releases them. */
	crew: Crew;
}

const PAGE = 65536;
const LARGEST = 65535 * PAGE;
const FIRST = 4096; // the module's own constants lie below

const compiled = new Map<string, WasmModule>();

/**
 * Lays out arrays of zeros in one new WebAssembly memory, each beginning at a multiple of 64 bytes
 * and padded to one, and gives the kernels that work on them.
 *
 * @param sizes how many float32 numbers each array holds
 * @param threads how many threads may work on them; where it is given, the memory is shared, even for one
 * @throws when a size is not a whole number, when all together pass 4 GiB, when there is no room for them, or when the kernels are not compiled
 */
export function allocate<Name extends string>(
	sizes: Record<Name, number>,
	threads?: number,
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
	const shared = threads !== undefined;
	const memory = makeMemory({ initial: pages, maximum: pages, shared });
	const array = {} as Record<Name, Float32Array>;
	for (const name of names)
		array[name] = new Float32Array(memory.buffer, at[name], sizes[name]);
	const module = kernelModule(shared ? "kernels-shared" : "kernels");
	const kernels = new Instance(module, { env: { memory } }).exports as Kernels;
	const crew = makeCrew(module, memory, kernels, threads ?? 1);
	return { memory, array, at, kernels, crew };
}

function kernelModule(name: string): WasmModule {
	let module = compiled.get(name);
	if (!module) {
		const file = join(__dirname, `../../dist/${name}.wasm`);
		if (!existsSync(file))
			throw new Error(
				`The compiled kernels (dist/${name}.wasm) are missing: run \`npm run build\`.`,
			);
		module = new Module(readFileSync(file));
		compiled.set(name, module);
	}
	return module;
}
