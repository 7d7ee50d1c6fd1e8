import { ask, type Reply, readBody } from "./ask";
import { readTree, type Tree, writeTree } from "./cache";
import { HubError, PassingError } from "./failure";
import { checkFileName, isCommit, near, quoted } from "./names";
import { apiUrl, pageOf, type Repository } from "./repository";
import { persist } from "./retry";
import type { HubSettings } from "./settings";

const LARGEST_PAGE = 64 * 2 ** 20;
const MOST_PAGES = 200;

/** The commit that the hub announces, where it is one and the right one. */
export function commitOf(
	{ settings, spoken }: Repository,
	revision: string,
	commit: string | undefined,
): string | undefined {
	if (commit === undefined) return undefined;
	if (isCommit(commit) && (!isCommit(revision) || commit === revision))
		return commit;
	throw new HubError(
		"refused",
		`${settings.endpoint.host} announces the commit ${quoted(commit)} for the ${spoken}, where ${isCommit(revision) ? revision : "40 hexadecimal digits"} was expected.`,
	);
}

/** Throws a PassingError where another attempt may help, and one sentence for any other bad status. */
export async function checkStatus(
	repository: Repository,
	revision: string,
	reply: Reply,
): Promise<void> {
	const { answer, question, said } = reply;
	const { statusCode: status = 0, headers } = answer;
	if (status < 400) return;
	answer.destroy();
	if (status === 429 || status === 408 || status >= 500) {
		const wait = retryAfter(headers["retry-after"]);
		throw new PassingError(
			status === 429
				? `${question.url.host} answers that there were too many requests (429)`
				: `${question.url.host} answers with an error of its own (${status})`,
			wait === undefined ? {} : { retry_after_ms: wait },
		);
	}
	if (status === 401 || status === 403) throw denied(repository, reply);
	if (status !== 404)
		throw new HubError(
			"refused",
			`${question.url.host} answers with status ${status} for the ${repository.spoken}.`,
		);
	if (said["x-error-code"] === "RevisionNotFound")
		throw new HubError(
			"no revision",
			`The ${repository.spoken} has no revision "${revision}"${await nearRevisions(repository, revision)}.`,
		);
	throw new HubError(
		"no repository",
		`There is no ${repository.spoken} on ${repository.settings.endpoint.host}: check the name${repository.settings.token ? "" : `, or, where it is private, ${cure(repository.settings)}`}.`,
	);
}

function denied(repository: Repository, { answer, said }: Reply): HubError {
	const { spoken, settings } = repository;
	const { host } = settings.endpoint;
	if (said["x-error-code"] === "GatedRepo")
		return new HubError(
			"denied",
			`The ${spoken} is gated: accept its terms on ${pageOf(repository)}, and ${settings.token ? `give in ${settings.token_from} a token of that account` : cure(settings)}.`,
		);
	return new HubError(
		"denied",
		settings.token
			? `${host} refuses the ${spoken} (${answer.statusCode}): it does not exist, or the token in ${settings.token_from} may not read it.`
			: `${host} refuses the ${spoken} (${answer.statusCode}): it does not exist, or it is private or gated; check the name, or ${cure(settings)}.`,
	);
}

/** How to send a token, where there is none. */
function cure({ token_from }: HubSettings): string {
	return token_from
		? `unset ${token_from}, which keeps the token here`
		: "set HF_TOKEN";
}

/** The header Retry-After, seconds or a date, in milliseconds. */
function retryAfter(header: string | undefined): number | undefined {
	if (header === undefined) return undefined;
	const wait = /^\d+$/.test(header)
		? Number(header) * 1000
		: Date.parse(header) - Date.now();
	return Number.isFinite(wait) ? Math.max(0, wait) : undefined;
}

/** The commit that the repository's revision is at now. */
export async function askCommit(repository: Repository): Promise<string> {
	const { revision, spoken, settings } = repository;
	if (isCommit(revision)) return revision;
	const question = `revision/${encodeURIComponent(revision)}`;
	const { value } = await askJson(repository, apiUrl(repository, question));
	const { sha } = (value ?? {}) as { sha?: unknown };
	const commit = commitOf(repository, revision, `${sha}`);
	if (commit) return commit;
	throw new HubError(
		"refused",
		`${settings.endpoint.host} does not say at which commit the ${spoken} is.`,
	);
}

/** All files of the repository at a commit, from the cache where they were listed before. */
export async function listFiles(
	repository: Repository,
	commit: string,
): Promise<string[]> {
	const known = readTree(repository.folder, commit);
	if (known) return Object.keys(known);
	const tree: Tree = Object.create(null);
	let url: URL | undefined = apiUrl(
		repository,
		`tree/${commit}?recursive=true`,
	);
	for (let page = 0; url; page++) {
		if (page === MOST_PAGES)
			throw new HubError(
				"refused",
				`The ${repository.spoken} lists more files than can be read.`,
			);
		const { value, next }: JsonPage = await askJson(repository, url);
		if (!Array.isArray(value))
			throw new HubError(
				"refused",
				`${repository.settings.endpoint.host} does not list the files of the ${repository.spoken} as a hub does.`,
			);
		for (const entry of value) addEntry(tree, entry);
		url = next;
	}
	writeTree(repository, commit, tree);
	return Object.keys(tree);
}

function addEntry(tree: Tree, entry: unknown): void {
	const { type, path, size, oid, lfs, xetHash } = entry as Record<
		string,
		unknown
	>;
	if (type !== "file") return;
	checkFileName(String(path));
	const large = lfs as { oid?: string; size?: number } | undefined;
	tree[String(path)] = {
		size: Number(size),
		blob_id: String(oid),
		...(large?.oid && { lfs_sha256: large.oid, lfs_size: large.size }),
		...(typeof xetHash === "string" && { xet_hash: xetHash }),
	};
}

interface JsonPage {
	value: unknown;
	next?: URL;
}

async function askJson(repository: Repository, url: URL): Promise<JsonPage> {
	const { settings, signal } = repository;
	return persist(
		async () => {
			const reply = await ask({
				method: "GET",
				url,
				settings,
				abroad: false,
				...(signal && { signal }),
			});
			await checkStatus(repository, repository.revision, reply);
			if (reply.answer.statusCode !== 200) reply.answer.destroy();
			const text = await readBody(reply, LARGEST_PAGE);
			const next = nextPage(reply);
			try {
				return { value: JSON.parse(text), ...(next && { next }) };
			} catch {
				throw new HubError(
					"refused",
					`${url.host} does not answer with JSON for ${quoted(url.pathname)}; is HF_ENDPOINT a hub?`,
				);
			}
		},
		{ ...(signal && { signal }) },
	);
}

/** The header Link's next page; only the hub itself is asked on. */
function nextPage({ said, question }: Reply): URL | undefined {
	const found = /<([^<>]*)>\s*;\s*rel="?next"?/.exec(said.link ?? "")?.[1];
	if (!found || !URL.canParse(found, question.url.href)) return undefined;
	const next = new URL(found, question.url);
	return next.origin === question.url.origin ? next : undefined;
}

/** What `near` says, as far as the hub lists its branches and tags. */
async function nearRevisions(
	repository: Repository,
	revision: string,
): Promise<string> {
	try {
		const { value } = await askJson(repository, apiUrl(repository, "refs"));
		const { branches = [], tags = [] } = value as Record<
			string,
			{ name: string }[]
		>;
		const names = [...branches, ...tags].map(({ name }) => String(name));
		return near(revision, names);
	} catch {
		return "";
	}
}
