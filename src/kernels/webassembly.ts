/** The part of WebAssembly that is used here: Node has it, but its type declarations come only with a browser's. */
export interface WasmMemory {
	readonly buffer: ArrayBuffer;
}

interface WasmModule {
	readonly kind?: "module";
}

export const { Memory, Module, Instance } = (
	globalThis as unknown as {
		WebAssembly: {
			Memory: new (pages: {
				initial: number;
				maximum: number;
				shared: boolean;
			}) => WasmMemory;
			Module: new (bytes: Uint8Array) => WasmModule;
			Instance: new (
				module: WasmModule,
				imports: { env: { memory: WasmMemory } },
			) => { exports: unknown };
		};
	}
).WebAssembly;
export type { WasmModule };
