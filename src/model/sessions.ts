import { InferenceSession } from "onnxruntime-node";
import { deafStep } from "../interrupt";
import { allowedThreads } from "../threads";

type Feeds = InferenceSession.OnnxValueMapType;

export interface SessionOptions {
	/** Tensors that outputs are written to; only these outputs are returned. Default: all, in new ones. */
	into?: Feeds;
	/**
	 * Whether weights are read where they are. Laid out anew, products are a tenth faster, and the session takes longer to
	 * make and as much memory again. Default: false.
	 */
	lean?: boolean;
}

/** Runs graphs over one model's weights and keeps those used last. */
export interface Sessions {
	/** Runs the graph of a key, which is built the first time. */
	run(
		key: string,
		build: () => Uint8Array,
		feeds: Feeds,
		options?: SessionOptions,
	): Promise<InferenceSession.ReturnType>;
	dispose(): Promise<void>;
}

interface Entry {
	session: Promise<InferenceSession>;
	users: number;
	retired: boolean;
}

/** Sessions are kept ready while their copies of the weights need at most this many bytes, but always two of them. */
const KEPT_BYTES = 2e9;

/** Something with sessions whose runs throw the signal's reason, once it has come. */
export function endingAt<T extends { sessions: Sessions }>(
	owner: T,
	signal: AbortSignal | undefined,
): T {
	if (!signal) return owner;
	const { run, dispose } = owner.sessions;
	const sessions: Sessions = {
		async run(...asked) {
			signal.throwIfAborted();
			return run(...asked);
		},
		dispose,
	};
	return { ...owner, sessions };
}

/** How many sessions of a model with weights of so many bytes stay ready: 2 to 6. */
export function keptOf(bytes: number): number {
	return Math.max(2, Math.min(6, Math.floor(KEPT_BYTES / bytes)));
}

/**
 * Makes the sessions of a model; none is created before it is needed.
 *
 * `name`: the model's. `folder`: that of the weights. `kept`: how many sessions stay ready; each holds a copy of the
 * weights that it uses.
 */
export function openSessions(
	name: string,
	folder: string,
	kept: number,
): Sessions {
	const entries = new Map<string, Entry>(); // in the order of their last use
	let disposed = false;

	const entryFor = (
		key: string,
		build: () => Uint8Array,
		lean = false,
	): Entry => {
		const entry = entries.get(key) ?? {
			session: createSession(folder, build, lean),
			users: 0,
			retired: false,
		};
		entries.delete(key);
		entries.set(key, entry);
		return entry;
	};
	const retire = async (key: string) => {
		const entry = entries.get(key);
		if (!entry) return;
		entries.delete(key);
		entry.retired = true;
		await releaseIfIdle(entry);
	};
	return {
		async run(key, build, feeds, { into, lean } = {}) {
			if (disposed)
				throw new Error(
					`The model "${name}" was disposed of and cannot run; load it again.`,
				);
			const entry = entryFor(key, build, lean);
			entry.users++;
			try {
				const [oldest] = entries.keys();
				if (entries.size > kept) await retire(oldest);
				const session = await entry.session;
				return await deafStep(() =>
					into ? session.run(feeds, into) : session.run(feeds),
				);
			} catch (error) {
				if (entries.get(key) === entry) await forgetBroken(entries, key);
				throw error;
			} finally {
				entry.users--;
				await releaseIfIdle(entry);
			}
		},
		async dispose() {
			disposed = true;
			for (const key of [...entries.keys()]) await retire(key);
		},
	};
}

/** A session that could not be made is tried anew the next time. */
async function forgetBroken(entries: Map<string, Entry>, key: string) {
	await entries.get(key)?.session.catch(() => entries.delete(key));
}

/** A session in use is released by its last user. */
async function releaseIfIdle(entry: Entry): Promise<void> {
	if (!entry.retired || entry.users > 0) return;
	entry.users = Number.POSITIVE_INFINITY; // released once
	await (await entry.session).release();
}

async function createSession(
	folder: string,
	build: () => Uint8Array,
	lean: boolean,
): Promise<InferenceSession> {
	return InferenceSession.create(build(), {
		extra: {
			session: {
				model_external_initializers_file_folder_path: folder,
				...(lean && { disable_prepacking: "1" }),
			},
		},
		intraOpNumThreads: allowedThreads(),
		// A plan of the memory, made for each new size of a batch, is a second allocation beside the first run's.
		enableMemPattern: false,
		logSeverityLevel: 3,
	});
}
