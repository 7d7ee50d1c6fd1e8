import { readFileSync } from "node:fs";

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

/** What Node.js before 24 sets aside for each memory. */
const SET_ASIDE = 10 * 2 ** 30;

/**
 * Throws one sentence where a limit on addresses leaves no room for so many memories, which a library is about to make
 * that ends the process when it cannot.
 */
export function checkRoom(memories: number): void {
	const flag = "--disable-wasm-trap-handler";
	const flags = [...process.execArgv, process.env.NODE_OPTIONS ?? ""];
	if (Number.parseInt(process.versions.node, 10) >= 24) return;
	if (flags.some((given) => given.includes(flag))) return;
	const limit = numberIn("/proc/self/limits", /^Max address space\s+(\d+)/m);
	const used = numberIn("/proc/self/status", /^VmSize:\s+(\d+) kB/m) * 1024;
	if (limit - used < memories * SET_ASIDE)
		throw noMemory(new RangeError("WebAssembly.Memory(): no memory"));
}

/** A number in a file of Linux; NaN where there is none. */
function numberIn(file: string, pattern: RegExp): number {
	try {
		return Number(pattern.exec(readFileSync(file, "utf8"))?.[1]);
	} catch {
		return Number.NaN;
	}
}

export { Instance, Module };
