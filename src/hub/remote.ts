import { checkStatus, commitOf } from "./api";
import { ask, type Reply } from "./ask";
import { HubError } from "./failure";
import { plainEtag, quoted } from "./names";
import { fileUrl, type Repository } from "./repository";
import { persist } from "./retry";

/** Larger files than any there is are a broken or hostile announcement. */
const LARGEST_FILE = 50e12;

/** What the hub announces of a file. */
export interface RemoteFile {
	commit: string;
	/** The name of its blob: the sha256 of a large file's content, the git sha1 of a small one's. */
	etag: string;
	/** In bytes. */
	size: number;
}

/**
 * Asks for a file's commit, etag and size. Where the repository has no such file: the commit alone, as far as the hub
 * tells it.
 */
export async function headFile(
	repository: Repository,
	revision: string,
	name: string,
): Promise<RemoteFile | { commit?: string }> {
	const { settings, signal } = repository;
	const url = fileUrl(repository, revision, name);
	return persist(
		async () => {
			const reply = await ask({
				method: "HEAD",
				url,
				settings,
				abroad: false,
				...(signal && { signal }),
			});
			reply.answer.destroy();
			const { said } = reply;
			const commit = commitOf(repository, revision, said["x-repo-commit"]);
			if (isMissingFile(reply)) return { ...(commit && { commit }) };
			await checkStatus(repository, revision, reply);
			return { commit, ...announced(repository, name, reply) };
		},
		{ ...(signal && { signal }) },
	).then((found) => {
		if ("etag" in found && !found.commit)
			throw new HubError(
				"refused",
				`${settings.endpoint.host} does not say from which commit ${quoted(name)} of the ${repository.spoken} is; is HF_ENDPOINT a hub?`,
			);
		return found as RemoteFile | { commit?: string };
	});
}

function announced(
	{ settings, spoken }: Repository,
	name: string,
	{ answer: { statusCode, headers }, said }: Reply,
): { etag: string; size: number } {
	const own = statusCode === 200 ? headers : {}; // a redirect's length is its own
	const etag = said["x-linked-etag"] ?? own.etag;
	const size = said["x-linked-size"] ?? own["content-length"];
	const plain = etag && plainEtag(etag);
	if (!plain)
		throw new HubError(
			"refused",
			`${settings.endpoint.host} announces ${etag ? `the etag ${quoted(etag)}` : "no etag"} for ${quoted(name)} of the ${spoken}, which cannot name a file of the cache.`,
		);
	if (!size || !/^\d{1,15}$/.test(size) || Number(size) > LARGEST_FILE)
		throw new HubError(
			"refused",
			`${settings.endpoint.host} announces ${size ? `the size ${quoted(size)}` : "no size"} for ${quoted(name)} of the ${spoken}, so that it cannot be checked.`,
		);
	return { etag: plain, size: Number(size) };
}

function isMissingFile({ answer, said }: Reply): boolean {
	const code = said["x-error-code"];
	if (answer.statusCode !== 404) return false;
	return code === "EntryNotFound" || (!code && "x-repo-commit" in said);
}
