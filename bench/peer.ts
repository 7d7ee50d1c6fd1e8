import { spawn, spawnSync } from "node:child_process";
import { availableParallelism } from "node:os";
import { extname, join } from "node:path";
import { createInterface } from "node:readline";
import { root } from "../jupyter/environment";
import type { Peer, Run } from "./types";

/** The one with the pinned releases, which `./kernel-setup.sh --peers` makes. */
const PYTHON = join(root, ".peers/sae-lens/bin/python");

export interface PeerOptions {
	/** E.g. "scikit-learn". */
	name: string;
	/** A file in bench/peers: .py, or .ts for what runs in Node. */
	script: string;
	/** The Python module that it needs. */
	needs?: string;
	/** Another Python than that of the pinned releases. */
	python?: string;
	/** The script's argument, as JSON. */
	settings: object;
}

/**
 * Starts a peer, which is kept alive: it first prints a line with its versions as JSON, then, for each line that it
 * reads, does the work once and prints the run as JSON. It gets as many threads as we have.
 * Undefined where the peer is not installed.
 */
export async function startPeer({
	name,
	script,
	needs,
	python = PYTHON,
	settings,
}: PeerOptions): Promise<Peer | undefined> {
	const given = { ...settings, threads: availableParallelism() };
	const [command, ...before] =
		extname(script) === ".py"
			? [python]
			: [process.execPath, ...process.execArgv];
	if (needs && !hasModule(command, needs)) return undefined;
	const child = spawn(
		command,
		[...before, join(__dirname, "peers", script), JSON.stringify(given)],
		{
			stdio: ["pipe", "pipe", "inherit"], // this process prints to stderr alone
			env: peerEnvironment(given.threads),
		},
	);
	child.stdin.on("error", () => undefined); // that it has ended is seen at the next line
	child.on("error", () => undefined);
	const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
	const answer = async () => {
		const { value, done } = await lines.next();
		if (done)
			throw new Error(
				`The peer "${name}" (bench/peers/${script}) ended early; what it said stands above.`,
			);
		return JSON.parse(value);
	};
	return {
		name,
		versions: await answer(),
		run: (): Promise<Run> => {
			child.stdin.write("run\n");
			return answer();
		},
		close: () => child.stdin.end(),
	};
}

function hasModule(python: string, name: string): boolean {
	const code = `import importlib.util, sys; sys.exit(importlib.util.find_spec("${name}") is None)`;
	return spawnSync(python, ["-c", code]).status === 0;
}

/**
 * OpenBLAS is to choose the kernels that fit the processor by itself: a machine may prescribe old, slow ones. OpenMP's
 * threads wait asleep: awake they slow PyTorch and scikit-learn down severalfold as soon as anything else runs.
 */
function peerEnvironment(threads: number): NodeJS.ProcessEnv {
	const { OPENBLAS_CORETYPE: _, OPENBLAS_L2_SIZE: __, ...rest } = process.env;
	return {
		...rest,
		OMP_NUM_THREADS: String(threads),
		OPENBLAS_NUM_THREADS: String(threads),
		OMP_WAIT_POLICY: "passive",
	};
}
