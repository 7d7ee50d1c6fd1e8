interface Pages {
	initial: number;
	maximum: number;
	shared: boolean;
}

/** The part of WebAssembly that is used here: Node has it, but its type declarations come only with a browser's. */
export interface WasmMemory {
	readonly buffer: ArrayBuffer;
}

interface WasmModule {
	readonly kind?: "module";
}

const { Memory, Module, Instance } = (
	globalThis as unknown as {
		WebAssembly: {
			Memory: new (pages: Pages) => WasmMemory;
			Module: new (bytes: Uint8Array) => WasmModule;
			Instance: new (
				module: WasmModule,
				imports: { env: { memory: WasmMemory } },
			) => { exports: unknown };
		};
	}
).WebAssembly;

/** A new memory. Throws one sentence where there is no room for it. */
export function makeMemory(pages: Pages): WasmMemory {
	try {
		return new Memory(pages);
	} catch (error) {
		throw noMemory(error, pages.initial / 16);
	}
}

/**
 * What an error of WebAssembly means where it says that a memory could not be made; any other error as it is. Up to
 * version 22, Node.js reserves 10 GB of addresses around each memory, however small, which a limit (ulimit -v) forbids.
 * `megabytes`: how large the memory was to be, where that is known.
 */
export function noMemory(error: unknown, megabytes?: number): unknown {
	const message = error instanceof Error ? error.message : String(error);
	if (!/WebAssembly\.\w+\(\).*memory/i.test(message)) return error;
	const size = megabytes ? ` of ${Math.ceil(megabytes)} MB` : "";
	return new Error(
		`There is no room for a WebAssembly memory${size}. Where addresses are limited (ulimit -v, as batch systems do), Node.js before 24 finds none for the 10 GB that it sets aside around each: use Node.js 24 or newer, start node with --disable-wasm-trap-handler, or lift the limit; otherwise choose something smaller.`,
		{ cause: error },
	);
}

export type { WasmModule };
export { Instance, Module };
