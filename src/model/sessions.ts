import { dirname } from "node:path";
import { InferenceSession } from "onnxruntime-node";
import type { Gpt2Config, Gpt2Weights } from "./config";
import { buildForward, type Wanted } from "./graph";

type Feeds = InferenceSession.OnnxValueMapType;

/** Runs graphs over one model's weights and keeps those used last. */
export interface Sessions {
	run(wanted: Wanted, feeds: Feeds): Promise<InferenceSession.ReturnType>;
	dispose(): Promise<void>;
}

interface Entry {
	session: Promise<InferenceSession>;
	users: number;
	retired: boolean;
}

/** How many graphs are kept ready. */
const KEPT = 6;

/** Makes the sessions of a model; none is created before it is needed. */
export function openSessions(
	config: Gpt2Config,
	weights: Gpt2Weights,
): Sessions {
	const kept = new Map<string, Entry>(); // in the order of their last use
	let disposed = false;

	const entryFor = (wanted: Wanted): Entry => {
		const key = JSON.stringify(wanted);
		const entry = kept.get(key) ?? {
			session: createSession(config, weights, wanted),
			users: 0,
			retired: false,
		};
		kept.delete(key);
		kept.set(key, entry);
		return entry;
	};
	const retire = async (key: string) => {
		const entry = kept.get(key);
		if (!entry) return;
		kept.delete(key);
		entry.retired = true;
		await releaseIfIdle(entry);
	};
	return {
		async run(wanted, feeds) {
			if (disposed)
				throw new Error(
					`The model "${config.name}" was disposed of and cannot run; load it again.`,
				);
			const entry = entryFor(wanted);
			entry.users++;
			try {
				const [oldest] = kept.keys();
				if (kept.size > KEPT) await retire(oldest);
				return await (await entry.session).run(feeds);
			} finally {
				entry.users--;
				await releaseIfIdle(entry);
			}
		},
		async dispose() {
			disposed = true;
			for (const key of [...kept.keys()]) await retire(key);
		},
	};
}

/** A session in use is released by its last user. */
async function releaseIfIdle(entry: Entry): Promise<void> {
	if (!entry.retired || entry.users > 0) return;
	entry.users = Number.POSITIVE_INFINITY; // released once
	await (await entry.session).release();
}

function createSession(
	config: Gpt2Config,
	weights: Gpt2Weights,
	wanted: Wanted,
): Promise<InferenceSession> {
	const session: Record<string, string> = {
		model_external_initializers_file_folder_path: dirname(weights.file),
	};
	// Packing the weights anew pays only for the large product with the head.
	if (!wanted.logits && !wanted.loss) session.disable_prepacking = "1";
	return InferenceSession.create(buildForward(config, weights, wanted), {
		extra: { session },
		logSeverityLevel: 3,
	});
}
