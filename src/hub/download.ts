import { createHash, type Hash } from "node:crypto";
import {
	createReadStream,
	existsSync,
	mkdirSync,
	renameSync,
	statfsSync,
	statSync,
	truncateSync,
} from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as rest } from "node:timers/promises";
import { reportProgress } from "../progress";
import { write } from "./cache";
import { askContent, bodyOf } from "./content";
import { cannotWrite, HubError, PassingError } from "./failure";
import { quoted } from "./names";
import { bytesElsewhere, donePart, releasePart, takePart } from "./parts";
import type { RemoteFile } from "./remote";
import type { Repository } from "./repository";
import { patience, persist } from "./retry";

/** So many new bytes are progress after which failures are counted afresh. */
const PROGRESS = 8 * 2 ** 20;

interface Download {
	repository: Repository;
	file: RemoteFile;
	name: string;
	/** The partial file. */
	part: string;
	report(done: number, note?: string): void;
}

/**
 * The path of a file's blob, downloaded where the cache does not have it: into a partial file, which goes on where an
 * earlier download ended, is checked against size and hash, and only then gets the blob's name.
 */
export async function fetchBlob(
	repository: Repository,
	file: RemoteFile,
	name: string,
): Promise<string> {
	const blobs = join(repository.folder, "blobs");
	const blob = join(blobs, file.etag);
	const { signal } = repository;
	const report = (done: number, note?: string) =>
		reportProgress({
			label: `download ${name}`,
			done,
			total: file.size,
			unit: "bytes",
			...(note && { note }),
		});
	for (;;) {
		signal?.throwIfAborted();
		const there = write(repository, () =>
			statSync(blob, { throwIfNoEntry: false }),
		);
		if (there?.size === file.size) return blob;
		const part = write(repository, () => {
			mkdirSync(blobs, { recursive: true });
			return takePart(blobs, file.etag);
		});
		if (part) {
			await fill({ repository, file, name, part, report });
			donePart(part);
			if (!existsSync(part)) continue; // held up for so long that another download went on with it
			write(repository, () => renameSync(part, blob));
			report(file.size);
			return blob;
		}
		const done = Math.min(bytesElsewhere(blobs, file.etag), file.size - 1);
		report(Math.max(0, done), "another process downloads it");
		await rest(patience.poll_ms, undefined, { signal }).catch(() => {});
	}
}

/** Fills the partial file until it is whole; otherwise leaves it for another time. */
async function fill(download: Download): Promise<void> {
	const { repository, file, part, report } = download;
	let most = sizeOf(part);
	try {
		await persist(
			(advanced) =>
				attempt(download, (done) => {
					if (done < most + PROGRESS) return;
					most = done;
					advanced();
				}),
			{
				...(repository.signal && { signal: repository.signal }),
				onWait(why, wait_ms) {
					touch(part); // it is still ours
					const seconds = Math.ceil(wait_ms / 1000);
					const done = Math.min(sizeOf(part), Math.max(0, file.size - 1));
					report(done, `${why}; again in ${seconds} s`);
				},
			},
		);
	} catch (error) {
		releasePart(part);
		throw error;
	}
}

async function attempt(
	{ repository, file, name, part, report }: Download,
	onBytes: (done: number) => void,
): Promise<void> {
	const handle = await onDisk(repository, open(part, "r+"));
	const restart = () => onDisk(repository, handle.truncate(0));
	try {
		let done = sizeOf(part);
		if (done > file.size) {
			await restart();
			done = 0;
		}
		checkSpace(repository, file.size - done, name);
		let hash = await hashOf(file, part, done, repository.signal);
		if (done < file.size) {
			report(done);
			const reply = await askContent(repository, file, name, done);
			if (done > 0 && reply.answer.statusCode === 200) {
				await restart(); // the server sends the whole
				done = 0;
				hash = await hashOf(file, part, 0);
			}
			for await (const bytes of bodyOf(reply)) {
				if (done + bytes.length > file.size)
					throw new PassingError(
						`${reply.question.url.host} sends more of ${name} than the ${file.size} bytes that were announced`,
						{ anew: true },
					);
				await onDisk(repository, writeAll(handle, bytes, done));
				hash?.update(bytes);
				done += bytes.length;
				onBytes(done);
				if (done < file.size) report(done);
			}
			if (done < file.size)
				throw new PassingError(
					`The download of ${name} ended after ${done} of ${file.size} bytes`,
				);
		}
		const found = hash?.digest("hex");
		if (found !== undefined && found !== file.etag)
			throw new PassingError(
				`What came of ${name} has the hash ${found}, where ${file.etag} was announced`,
				{ anew: true },
			);
		await onDisk(repository, handle.sync());
	} catch (error) {
		if (error instanceof PassingError && error.anew) await restart();
		throw error;
	} finally {
		await handle.close();
	}
}

/** The hash that an etag of the hub is, over the first bytes of a file; undefined where the etag is none. */
async function hashOf(
	{ etag, size }: RemoteFile,
	part: string,
	bytes: number,
	signal?: AbortSignal,
): Promise<Hash | undefined> {
	let hash: Hash | undefined;
	if (/^[0-9a-f]{64}$/.test(etag)) hash = createHash("sha256");
	else if (/^[0-9a-f]{40}$/.test(etag))
		hash = createHash("sha1").update(`blob ${size}\0`); // as git names its blobs
	if (hash && bytes > 0)
		for await (const chunk of createReadStream(part, { end: bytes - 1 })) {
			signal?.throwIfAborted();
			hash.update(chunk);
		}
	return hash;
}

async function writeAll(
	handle: FileHandle,
	bytes: Buffer,
	position: number,
): Promise<void> {
	for (let at = 0; at < bytes.length; ) {
		const left = bytes.length - at;
		const { bytesWritten } = await handle.write(bytes, at, left, position + at);
		at += bytesWritten;
	}
}

/** Waits for something that writes to the cache; a failure becomes one sentence. */
async function onDisk<T>(
	{ settings }: Repository,
	action: Promise<T>,
): Promise<T> {
	try {
		return await action;
	} catch (error) {
		throw cannotWrite(settings.cache, error);
	}
}

function checkSpace(
	{ settings, folder }: Repository,
	needed: number,
	name: string,
): void {
	const { bavail, bsize, blocks } = statfsSync(folder);
	const free = bavail * bsize;
	if (blocks === 0 || needed <= free) return; // some file systems do not tell
	throw new HubError(
		"refused",
		`${quoted(name)} needs ${gigabytes(needed)} more, and the disk of the cache folder ${settings.cache} has ${gigabytes(free)} free: free space there, or set HF_HUB_CACHE to another folder.`,
	);
}

function gigabytes(bytes: number): string {
	return `${(bytes / 1e9).toFixed(bytes < 1e9 ? 3 : 1)} GB`;
}

/** Lets the file system note the time, by its own clock. */
function touch(part: string): void {
	try {
		truncateSync(part, sizeOf(part));
	} catch {} // it is gone, and that is seen at the end
}

function sizeOf(path: string): number {
	return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
