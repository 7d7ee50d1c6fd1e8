import { join } from "node:path";
import { isMainThread, Worker, workerData } from "node:worker_threads";
import type { PartKernel } from ".";
import { Instance, type WasmMemory, type WasmModule } from "./webassembly";

/** Threads that run kernels on parts of their work, together with the thread that asks. */
export interface Crew {
	/** How many there may be, the one that asks included. */
	threads: number;
	/**
	 * Runs a kernel `(from, to, ...args)` for from = 0, step, 2·step … up to `total`, and returns when all is done. Which
	 * thread does which part is open, so a kernel writes what depends on its part alone.
	 */
	run(kernel: PartKernel, total: number, step: number, ...args: number[]): void;
	/** How many parts the other threads have done so far. */
	helped(): number;
	/** Ends the threads. */
	release(): Promise<void>;
}

type Work = (from: number, to: number, ...args: number[]) => void;

/** What a thread is started with. The job's numbers: kernel, parts, total, step, how many arguments, the arguments. */
interface Post {
	crew: true;
	module: WasmModule;
	memory: WasmMemory;
	state: Int32Array;
	job: Float64Array;
}

/*
 * `state`: TICKET is the number of the job and, in the lower 16 bits, how many of its parts are still to be taken. The
 * job is written before its ticket and not again before all its parts are done, so whoever could take a part by
 * comparing the whole ticket has read the right job. A thread that has not started or sleeps takes nothing and is not
 * waited for.
 */
const [TICKET, DONE, FAILED, HELPED] = [0, 1, 2, 3];
const PARTS = 0xffff;

/**
 * A crew for the kernels of `module` in `memory`, which is shared; with one thread it does without it.
 * The threads do not keep the process alive.
 */
export function makeCrew(
	module: WasmModule,
	memory: WasmMemory,
	kernels: object,
	threads: number,
): Crew {
	const state = new Int32Array(new SharedArrayBuffer(4 * 4));
	const job = new Float64Array(new SharedArrayBuffer(8 * 32));
	const names = Object.keys(kernels);
	const works = Object.values(kernels) as Work[];
	const post: Post = { crew: true, module, memory, state, job };
	const workers = Array.from({ length: threads - 1 }, () => startWorker(post));
	let jobs = 0;
	return {
		threads,
		run(kernel, total, step, ...args) {
			const parts = Math.ceil(total / step);
			if (parts > PARTS || args.length > 27)
				throw new Error(`The work "${kernel}" has too many parts: ${parts}.`);
			const index = names.indexOf(kernel);
			job.set([index, parts, total, step, args.length, ...args]);
			Atomics.store(state, DONE, 0);
			jobs = (jobs + 1) & 0x7fff;
			Atomics.store(state, TICKET, (jobs << 16) | parts);
			if (parts > 1) Atomics.notify(state, TICKET);
			takeParts(state, job, works);
			for (;;) {
				const done = Atomics.load(state, DONE);
				if (done === parts) break;
				Atomics.wait(state, DONE, done);
			}
			if (Atomics.exchange(state, FAILED, 0))
				throw new Error(`The kernel "${kernel}" failed.`);
		},
		helped: () => Atomics.load(state, HELPED),
		async release() {
			await Promise.all(workers.map((worker) => worker.terminate()));
		},
	};
}

function startWorker(post: Post): Worker {
	// The compiled file, since a thread has no TypeScript loader.
	const file = join(__dirname, "../../dist/kernels/crew.js");
	const worker = new Worker(file, { workerData: post, execArgv: [] });
	worker.on("error", () => undefined); // without it the others do its parts
	worker.unref();
	return worker;
}

/** Does parts of the job at hand until none is left to take; returns how many. */
function takeParts(
	state: Int32Array,
	job: Float64Array,
	works: Work[],
): number {
	let taken = 0;
	for (;;) {
		const ticket = Atomics.load(state, TICKET);
		const left = ticket & PARTS;
		if (left === 0) return taken;
		const [index, parts, total, step, n] = job;
		const args = job.slice(5, 5 + n);
		if (Atomics.compareExchange(state, TICKET, ticket, ticket - 1) !== ticket)
			continue;
		const from = (parts - left) * step;
		try {
			works[index](from, Math.min(from + step, total), ...args);
		} catch {
			Atomics.store(state, FAILED, 1);
		}
		taken++;
		Atomics.add(state, DONE, 1);
		Atomics.notify(state, DONE);
	}
}

function serve({ module, memory, state, job }: Post): never {
	const { exports } = new Instance(module, { env: { memory } });
	const works = Object.values(exports as object) as Work[];
	for (;;) {
		Atomics.add(state, HELPED, takeParts(state, job, works));
		const ticket = Atomics.load(state, TICKET);
		if ((ticket & PARTS) === 0) Atomics.wait(state, TICKET, ticket);
	}
}

if (!isMainThread && (workerData as Partial<Post> | null)?.crew)
	serve(workerData);
