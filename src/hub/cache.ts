import { randomUUID } from "node:crypto";
import {
	lstatSync,
	mkdirSync,
	readdirSync,
	readFileSync,
	renameSync,
	rmSync,
	statSync,
	symlinkSync,
} from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { writeFileAtomic } from "../files";
import { cannotWrite } from "./failure";
import { isCommit } from "./names";
import type { Repository } from "./repository";

/**
 * The layout of Python's huggingface_hub, below the folder of a repository: blobs/<etag>, refs/<revision> (a commit),
 * snapshots/<commit>/<name> (a link to a blob), .no_exist/<commit>/<name> (an empty file: the repository has no such
 * file), trees/<commit>.json (the list of files).
 */

/** Files by name, as trees/<commit>.json holds them. */
export type Tree = Record<
	string,
	{
		size: number;
		blob_id: string;
		lfs_sha256?: string;
		lfs_size?: number | undefined;
		xet_hash?: string;
	}
>;

/** The commit of a revision when it was last fetched whole. */
export function cachedCommit({
	folder,
	revision,
}: Repository): string | undefined {
	if (isCommit(revision)) return revision;
	const commit = readIfThere(join(folder, "refs", revision))?.trim();
	return commit && isCommit(commit) ? commit : undefined;
}

/** Notes at which commit a revision is. */
export function writeRef(repository: Repository, commit: string): void {
	const { folder, revision } = repository;
	if (isCommit(revision) || cachedCommit(repository) === commit) return;
	note(join(folder, "refs", revision), commit);
}

/** The folder in which the files of a commit are. */
export function snapshotFolder(folder: string, commit: string): string {
	return join(folder, "snapshots", commit);
}

/** A file's path where the cache has it, "absent" where the repository is known not to have it. */
export function cachedFile(
	folder: string,
	commit: string,
	name: string,
): string | "absent" | undefined {
	const path = join(snapshotFolder(folder, commit), name);
	if (statSync(path, { throwIfNoEntry: false })?.isFile()) return path;
	const tree = readTree(folder, commit);
	const absent = tree
		? !Object.hasOwn(tree, name)
		: lstatSync(absence(folder, commit, name), { throwIfNoEntry: false });
	return absent ? "absent" : undefined;
}

/** Notes that the repository has no such file at a commit. */
export function markAbsent(
	{ folder }: Repository,
	commit: string,
	name: string,
): void {
	note(absence(folder, commit, name), "");
}

function absence(folder: string, commit: string, name: string): string {
	return join(folder, ".no_exist", commit, name);
}

/** Shows a blob as a file of a snapshot, by a relative link, or, where links are impossible, by moving it there. */
export function placeInSnapshot(
	repository: Repository,
	commit: string,
	name: string,
	blob: string,
): string {
	const path = join(snapshotFolder(repository.folder, commit), name);
	write(repository, () => {
		mkdirSync(dirname(path), { recursive: true });
		const link = `${path}.${randomUUID()}.part`;
		try {
			symlinkSync(relative(dirname(path), blob), link);
		} catch {
			renameSync(blob, path);
			return;
		}
		try {
			renameSync(link, path); // over whatever is there, at once
		} catch (error) {
			rmSync(link, { force: true });
			throw error;
		}
	});
	return path;
}

/** The list of files of a commit where it was stored. */
export function readTree(folder: string, commit: string): Tree | undefined {
	const text = readIfThere(join(folder, "trees", `${commit}.json`));
	if (text === undefined) return undefined;
	try {
		const { format_version, files } = JSON.parse(text);
		const usable = format_version === 1 && files && typeof files === "object";
		return usable ? files : undefined;
	} catch {
		return undefined; // it is asked for again
	}
}

/** Stores the list of files of a commit. */
export function writeTree(
	{ folder }: Repository,
	commit: string,
	files: Tree,
): void {
	const text = JSON.stringify({ format_version: 1, files }, null, 1);
	note(join(folder, "trees", `${commit}.json`), text);
}

/** Writes what only saves a question the next time: a shared cache may be one that this user cannot write to. */
function note(file: string, text: string): void {
	try {
		writeFileAtomic(file, text);
	} catch {}
}

/** The files of a snapshot that are in the cache, with "/" between folders. */
export function cachedFiles(folder: string, commit: string): string[] {
	const top = snapshotFolder(folder, commit);
	try {
		return readdirSync(top, { recursive: true, encoding: "utf8" })
			.filter((name) =>
				statSync(join(top, name), { throwIfNoEntry: false })?.isFile(),
			)
			.map((name) => name.replaceAll(sep, "/"));
	} catch {
		return [];
	}
}

/** Runs something that writes to the cache; a failure becomes one sentence. */
export function write<T>({ settings }: Repository, action: () => T): T {
	try {
		return action();
	} catch (error) {
		throw cannotWrite(settings.cache, error);
	}
}

function readIfThere(file: string): string | undefined {
	try {
		return readFileSync(file, "utf8");
	} catch {
		return undefined;
	}
}
