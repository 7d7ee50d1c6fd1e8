import { statSync } from "node:fs";
import { askCommit, listFiles } from "./api";
import {
	cachedCommit,
	cachedFile,
	cachedFiles,
	markAbsent,
	placeInSnapshot,
	readTree,
	snapshotFolder,
	write,
	writeRef,
} from "./cache";
import { fetchBlob } from "./download";
import { HubError } from "./failure";
import { checkFileName, near, quoted } from "./names";
import { headFile } from "./remote";
import {
	type HubOptions,
	openRepository,
	type Repository,
	type RepositoryName,
} from "./repository";

/** The files of a repository at one commit. Every path that it gives is a whole file. */
export interface HubFiles {
	/** The path of a file that must be there. */
	get(name: string): Promise<string>;
	/** The path of the first of these files that is there; undefined where none is. */
	first(names: string[]): Promise<string | undefined>;
	/** As `first` for one file that one can do without: what cannot be asked for, offline, counts as absent. */
	wish(name: string): Promise<string | undefined>;
	/** The names of all files. */
	list(): Promise<string[]>;
}

/** What `collect` made, and where its files are. */
export interface Collected<T> {
	value: T;
	folder: string;
	commit: string;
}

/**
 * Runs `collect` on the files of a model or data set. First on what the cache holds: where that is all it asks for, no
 * network is needed. Otherwise again on the hub, at the commit where the revision is now; the cache remembers that
 * commit once everything is there. Without a network, what the cache lacks is named in one sentence.
 */
export async function fromHub<T>(
	name: RepositoryName,
	options: HubOptions,
	collect: (files: HubFiles) => Promise<T>,
): Promise<Collected<T>> {
	const repository = openRepository(name, options);
	const commit = cachedCommit(repository);
	const cached = async (alone: boolean) => {
		if (!commit) throw notCached(repository);
		const value = await collect(cacheFiles(repository, commit, alone));
		const folder = snapshotFolder(repository.folder, commit);
		return { value, folder, commit };
	};
	const { offline } = repository.settings;
	try {
		return await cached(offline);
	} catch (error) {
		if (offline || !isNotCached(error)) throw error;
	}
	try {
		const hub = hubFiles(repository);
		const value = await collect(hub.files);
		const found = await hub.commit();
		writeRef(repository, found);
		const folder = snapshotFolder(repository.folder, found);
		return { value, folder, commit: found };
	} catch (error) {
		const passing =
			error instanceof HubError && /^(unreachable|busy)$/.test(error.reason);
		if (!passing) throw error;
		return cached(true).catch((lacking) => {
			throw isNotCached(lacking) ? error : lacking;
		});
	}
}

/** Files from the cache alone; `alone`: there is no network to ask whether more exist. */
function cacheFiles(
	repository: Repository,
	commit: string,
	alone: boolean,
): HubFiles {
	const { folder } = repository;
	const look = (name: string) => {
		checkFileName(name);
		return cachedFile(folder, commit, name);
	};
	const first = async (names: string[]) => {
		const found = names.map(look);
		const path = found.find((file) => file && file !== "absent");
		if (path) return path;
		if (found.includes(undefined)) throw notCached(repository, names[0]);
		return undefined;
	};
	return {
		first,
		async get(name) {
			const path = await first([name]);
			if (path) return path;
			throw noFile(repository, name, await this.list());
		},
		async wish(name) {
			return alone && !look(name) ? undefined : first([name]);
		},
		async list() {
			const tree = readTree(folder, commit);
			if (tree) return Object.keys(tree);
			if (!alone) throw notCached(repository);
			return cachedFiles(folder, commit);
		},
	};
}

/** Files from the hub, all at the commit that it first tells. */
function hubFiles(repository: Repository) {
	let commit: string | undefined;
	const known = async () => {
		commit ??= await askCommit(repository);
		return commit;
	};
	const find = async (name: string): Promise<string | undefined> => {
		checkFileName(name);
		const before = commit && cachedFile(repository.folder, commit, name);
		if (before) return before === "absent" ? undefined : before;
		const found = await headFile(
			repository,
			commit ?? repository.revision,
			name,
		);
		commit ??= found.commit;
		if (!("etag" in found)) {
			if (commit) markAbsent(repository, commit, name);
			return undefined;
		}
		const there = write(repository, () =>
			cachedFile(repository.folder, found.commit, name),
		);
		if (there && there !== "absent" && statSync(there).size === found.size)
			return there; // a cache that cannot be written to is good for this
		const blob = await fetchBlob(repository, found, name);
		return placeInSnapshot(repository, found.commit, name, blob);
	};
	const list = async () => listFiles(repository, await known());
	const files: HubFiles = {
		async first(names) {
			for (const name of names) {
				const path = await find(name);
				if (path) return path;
			}
			return undefined;
		},
		async get(name) {
			const path = await find(name);
			if (path) return path;
			throw noFile(repository, name, await list().catch(() => []));
		},
		wish: find,
		list,
	};
	return { files, commit: known };
}

function isNotCached(error: unknown): boolean {
	return error instanceof HubError && error.reason === "not cached";
}

function noFile(
	{ spoken, revision }: Repository,
	name: string,
	names: string[],
): HubError {
	const at = revision === "main" ? "" : ` at revision "${revision}"`;
	return new HubError(
		"no file",
		`The ${spoken} has no file ${quoted(name)}${at}${near(name, names)}.`,
	);
}

function notCached(repository: Repository, name?: string): HubError {
	const { spoken, settings, revision } = repository;
	const at = revision === "main" ? "" : ` at revision "${revision}"`;
	return new HubError(
		"not cached",
		`The cache ${settings.cache} does not have ${name ? `${quoted(name)} of ` : ""}the ${spoken}${at}, and the network is switched off (HF_HUB_OFFLINE or offline: true): fetch it once with the network.`,
	);
}
