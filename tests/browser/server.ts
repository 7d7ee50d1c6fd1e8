import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
	existsSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	realpathSync,
	rmSync,
	symlinkSync,
	writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { jupyterEnvironment, root } from "../jupyter";
import type { FrontEnd } from "./front-ends";

/** A Jupyter server that runs for a test. */
export interface Server {
	/** The folder it shows, to put notebooks into. */
	folder: string;
	/** The address of a page, with the token. */
	url(page: string): string;
	/** The commands of the processes that it and its kernels consist of, itself included. */
	processes(): string[];
	/** Ends it with all its kernels, and tells what it has logged. */
	stop(): Promise<string>;
	/** The commands of the processes that had not ended by themselves a while after the server. */
	survivors(): string[];
}

/** Settings of JupyterLab: no news, no updates, all cells of a notebook on the page. */
const settings = {
	"apputils-extension/notification": {
		fetchNews: "false",
		checkForUpdates: false,
	},
	"notebook-extension/tracker": { windowingMode: "none" },
	"docmanager-extension/plugin": { autosave: false },
};

interface Process {
	pid: number;
	command: string;
}

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** The processes in whose environment this text occurs. A kernel has the environment of its server. */
function processesWith(text: string): Process[] {
	const read = (pid: string, name: string) => {
		try {
			return readFileSync(join("/proc", pid, name), "latin1");
		} catch {
			return ""; // it has ended, or is not ours
		}
	};
	return readdirSync("/proc")
		.filter((pid) => /^\d+$/.test(pid) && read(pid, "environ").includes(text))
		.map((pid) => ({
			pid: Number(pid),
			command: read(pid, "cmdline").replaceAll("\0", " ").trim(),
		}))
		.filter(({ command }) => command); // not the dead that nobody has waited for
}

/** Starts a front end's server in a folder of its own, which has the name asked for; nothing of the user's is touched. */
export async function startServer(
	{ python, args }: FrontEnd,
	name: string,
): Promise<Server> {
	const home = realpathSync(mkdtempSync(join(tmpdir(), "sparselens-browser-")));
	const folder = join(home, name);
	const runtime = join(home, "runtime");
	for (const path of [folder, runtime]) mkdirSync(path, { recursive: true });
	// a notebook finds the project as one that lies inside it does
	symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
	for (const [plugin, value] of Object.entries(settings)) {
		const file = join(
			home,
			"settings/@jupyterlab",
			`${plugin}.jupyterlab-settings`,
		);
		mkdirSync(dirname(file), { recursive: true });
		writeFileSync(file, JSON.stringify(value));
	}
	const token = randomBytes(16).toString("hex");
	const server = spawn(python, ["-m", ...args(folder, token)], {
		cwd: folder,
		env: {
			...jupyterEnvironment,
			HOME: home,
			IPYTHONDIR: join(home, "ipython"),
			JUPYTER_CONFIG_DIR: join(home, "config"),
			JUPYTER_DATA_DIR: join(home, "data"),
			JUPYTER_RUNTIME_DIR: runtime,
			JUPYTERLAB_SETTINGS_DIR: join(home, "settings"),
			JUPYTERLAB_WORKSPACES_DIR: join(home, "workspaces"),
		},
	});
	let log = "";
	for (const stream of [server.stdout, server.stderr])
		stream.on("data", (chunk) => {
			log += chunk;
		});

	let survivors: Process[] = [];
	const stop = async () => {
		if (!existsSync(home)) return log; // it has been called before
		await end(server);
		survivors = await remaining(runtime);
		for (const { pid } of survivors) kill(pid);
		rmSync(home, { recursive: true, force: true, maxRetries: 5 });
		return log;
	};
	process.once("exit", () => server.kill("SIGKILL"));

	const address = await started(server, runtime);
	if (!address) throw new Error(`Jupyter did not start:\n${await stop()}`);
	return {
		folder,
		url: (page) => `${new URL(page, address)}?token=${token}`,
		processes: () => processesWith(runtime).map(({ command }) => command),
		stop,
		survivors: () => survivors.map(({ command }) => command),
	};
}

/** What is left of the processes of a server that has ended, after up to ten seconds. */
async function remaining(runtime: string): Promise<Process[]> {
	for (let i = 0; i < 100 && processesWith(runtime).length; i++)
		await wait(100);
	return processesWith(runtime);
}

function kill(pid: number) {
	try {
		process.kill(pid, "SIGKILL");
	} catch {} // it has just ended
}

/** The address that the server has written down, once it answers; undefined where it ends or takes a minute. */
async function started(
	server: ChildProcess,
	runtime: string,
): Promise<string | undefined> {
	for (let i = 0; i < 600 && server.exitCode === null; i++) {
		const file = ["jpserver", "nbserver"]
			.map((name) => join(runtime, `${name}-${server.pid}.json`))
			.find(existsSync);
		if (file) {
			const { url } = JSON.parse(readFileSync(file, "utf8") || "{}");
			if (url && (await fetch(url).catch(() => undefined))) return url;
		}
		await wait(100);
	}
	return undefined;
}

/** Asks a server to end, kernels included, and waits until it has; after 20 s it is killed. */
async function end(server: ChildProcess): Promise<void> {
	if (server.exitCode !== null || server.signalCode !== null) return;
	const ended = new Promise((resolve) => server.once("exit", resolve));
	server.kill("SIGTERM");
	const late = setTimeout(() => server.kill("SIGKILL"), 20_000);
	await ended;
	clearTimeout(late);
}
