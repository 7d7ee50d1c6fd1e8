import { createHash } from "node:crypto";
import http from "node:http";
import type { AddressInfo } from "node:net";

/** A repository of the fake hub. */
export interface FakeRepository {
	files: Record<string, Buffer | string>;
	/** Files that are answered with a redirect to the second host, as large files are. Default: those of over 1,000 bytes. */
	large?: string[];
	commit?: string;
	branches?: string[];
	/** The token that may read it. */
	token?: string;
	gated?: boolean;
	/** Small files are answered with a redirect to another path of the same host. */
	resolve_cache?: boolean;
	/** It is now called otherwise. */
	renamed?: string;
}

/** How contents are sent. */
export interface Fault {
	/** Only so many bytes of each answer come, then the connection breaks. */
	drop_after?: number;
	/** Only so many bytes come, then nothing any more. */
	stall_after?: number;
	/** Bytes in each millisecond. */
	speed?: number;
	/** The answer announces and has so many bytes less. */
	short?: number;
	/** The first byte is wrong. */
	wrong?: boolean;
	ignore_range?: boolean;
	/** Headers that replace the right ones. */
	headers?: Record<string, string>;
	/** A status, with the header Retry-After. */
	status?: number;
	retry_after?: string;
}

/** A request that came in. */
export interface Seen {
	host: "hub" | "cdn";
	method: string;
	path: string;
	headers: http.IncomingHttpHeaders;
}

/**
 * A small hub on 127.0.0.1 for tests, with a second host for large files: the answers, headers and redirects of the real
 * one. `fault` says what goes wrong with a request.
 */
export async function startHub(repositories: Record<string, FakeRepository>) {
	const seen: Seen[] = [];
	const hub = {
		endpoint: "",
		cdn: "",
		seen,
		repositories,
		fault: (_: Seen): Fault | undefined => undefined,
		/** The requests for contents. */
		gets: () => seen.filter(({ method }) => method === "GET"),
		stop: async () => {
			for (const server of [first, second]) {
				server.closeAllConnections();
				await new Promise((done) => server.close(done));
			}
		},
	};
	const note = (
		host: "hub" | "cdn",
		{ method = "", url = "", headers }: http.IncomingMessage,
	) => {
		const entry = { host, method, path: decodeURIComponent(url), headers };
		seen.push(entry);
		return { entry, fault: hub.fault(entry) ?? {} };
	};
	const first = http.createServer((request, response) => {
		const { fault } = note("hub", request);
		if (fault.status) return refuse(response, fault.status, "", fault);
		return answerHub(hub, request, response, fault);
	});
	const second = http.createServer((request, response) => {
		const { fault } = note("cdn", request);
		if (fault.status) return refuse(response, fault.status, "", fault);
		const [, kind, org, name, hash] = new URL(
			request.url ?? "",
			hub.cdn,
		).pathname.split("/");
		const contents = repositories[`${kind}/${org}/${name}`].files;
		const content = Object.values(contents)
			.map((text) => Buffer.from(text))
			.find((bytes) => sha256(bytes) === hash);
		if (!content) return refuse(response, 404, "");
		return sendContent(request, response, content, fault, {
			etag: `"${sha256(Buffer.from(`another name of ${hash}`))}"`,
		});
	});
	hub.endpoint = await listen(first);
	hub.cdn = await listen(second);
	return hub;
}

export type FakeHub = Awaited<ReturnType<typeof startHub>>;

/** Settings of the environment for a hub and a cache; everything else of the environment is taken away. */
export function useHub(hub: { endpoint: string }, cache: string): void {
	for (const name of Object.keys(process.env))
		if (/^(HF_|HUGGING|TRANSFORMERS_|XDG_CACHE)|_PROXY$/i.test(name))
			delete process.env[name];
	process.env.HF_ENDPOINT = hub.endpoint;
	process.env.HF_HOME = cache;
}

export const sha256 = (bytes: Buffer) =>
	createHash("sha256").update(bytes).digest("hex");

export const gitHash = (bytes: Buffer) =>
	createHash("sha1")
		.update(`blob ${bytes.length}\0`)
		.update(bytes)
		.digest("hex");

export const commitOf = ({ commit }: FakeRepository) =>
	commit ?? "c".repeat(40);

function answerHub(
	hub: FakeHub,
	request: http.IncomingMessage,
	response: http.ServerResponse,
	fault: Fault,
): http.ServerResponse {
	const { pathname } = new URL(request.url ?? "", hub.endpoint);
	const path = pathname.split("/").slice(1).map(decodeURIComponent);
	const api = path[0] === "api";
	if (api) path.shift();
	if (path[0] === "resolve-cache") path.shift();
	const kind =
		path[0] === "datasets" || path[0] === "models" ? path.shift() : "models";
	const verbs = ["resolve", "revision", "tree", "refs"];
	const at = path.findIndex((part) => verbs.includes(part));
	const id = path.slice(0, at).join("/");
	const repository = hub.repositories[`${kind}/${id}`];
	if (!repository) return refuse(response, 401, "RepoNotFound");
	if (repository.renamed) {
		const to = pathname.replace(`/${id}/`, `/${repository.renamed}/`);
		return response.writeHead(307, { location: to, "content-length": 0 }).end();
	}
	const { token, gated } = repository;
	if (token && request.headers.authorization !== `Bearer ${token}`)
		return refuse(
			response,
			gated ? 403 : 401,
			gated ? "GatedRepo" : "RepoNotFound",
		);
	const [verb, revision] = path.slice(at);
	const commit = commitOf(repository);
	const branches = repository.branches ?? ["main"];
	if (verb === "refs")
		return json(response, {
			branches: branches.map((name) => ({ name })),
			tags: [],
		});
	if (![...branches, commit].includes(revision))
		return refuse(response, 404, "RevisionNotFound");
	if (verb === "revision") return json(response, { sha: commit });
	if (verb === "tree") return answerTree(hub, request, response, repository);
	return answerFile(hub, request, response, {
		repository,
		key: `${kind}/${id}`,
		name: path.slice(at + 2).join("/"),
		fault,
	});
}

/** The list of files, two a page. */
function answerTree(
	hub: FakeHub,
	request: http.IncomingMessage,
	response: http.ServerResponse,
	{ files }: FakeRepository,
): http.ServerResponse {
	const url = new URL(request.url ?? "", hub.endpoint);
	const from = Number(url.searchParams.get("cursor") ?? 0);
	const entries = Object.entries(files).map(([path, text]) => {
		const bytes = Buffer.from(text);
		return {
			type: "file",
			path,
			size: bytes.length,
			oid: gitHash(bytes),
			...(bytes.length > 1000 && {
				lfs: { oid: sha256(bytes), size: bytes.length },
			}),
		};
	});
	url.searchParams.set("cursor", String(from + 2));
	if (from + 2 < entries.length)
		response.setHeader("link", `<${url.href}>; rel="next"`);
	return json(response, [
		...(from === 0
			? [{ type: "directory", path: "a folder", oid: "", size: 0 }]
			: []),
		...entries.slice(from, from + 2),
	]);
}

function answerFile(
	hub: FakeHub,
	request: http.IncomingMessage,
	response: http.ServerResponse,
	what: { repository: FakeRepository; key: string; name: string; fault: Fault },
): http.ServerResponse {
	const { repository, key, name, fault } = what;
	const commit = commitOf(repository);
	response.setHeader("x-repo-commit", commit);
	if (!Object.hasOwn(repository.files, name))
		return refuse(response, 404, "EntryNotFound");
	const content = Buffer.from(repository.files[name]);
	const large = repository.large?.includes(name) ?? content.length > 1000;
	const path = `/api/resolve-cache/${key}/resolve/${commit}/${encodeURI(name)}`;
	if (!large && repository.resolve_cache && !request.url?.startsWith(path))
		return response
			.writeHead(307, { location: `${path}?etag=x`, "content-length": 20 })
			.end(request.method === "HEAD" ? undefined : "Temporary Redirect. ");
	if (!large)
		return sendContent(request, response, content, fault, {
			etag: `"${gitHash(content)}"`,
		});
	const hash = sha256(content);
	const body = "Found. Redirecting";
	return response
		.writeHead(302, {
			"x-linked-etag": `"${hash}"`,
			"x-linked-size": content.length,
			location: `${hub.cdn}/${key}/${hash}?signature=secret`,
			"content-length": body.length,
			...fault.headers,
		})
		.end(request.method === "HEAD" ? undefined : body);
}

function sendContent(
	request: http.IncomingMessage,
	response: http.ServerResponse,
	content: Buffer,
	fault: Fault,
	headers: Record<string, string>,
): http.ServerResponse {
	const range = fault.ignore_range ? undefined : request.headers.range;
	const from = Number(/^bytes=(\d+)-$/.exec(range ?? "")?.[1] ?? 0);
	if (from >= content.length && from > 0) return refuse(response, 416, "");
	const part = Buffer.from(
		content.subarray(from, content.length - (fault.short ?? 0)),
	);
	if (fault.wrong) part[0] ^= 255;
	response.writeHead(range ? 206 : 200, {
		...headers,
		"content-length": part.length,
		...(range && {
			"content-range": `bytes ${from}-${content.length - 1}/${content.length}`,
		}),
		...fault.headers,
	});
	if (request.method === "HEAD") return response.end();
	void trickle(response, part, fault);
	return response;
}

async function trickle(
	response: http.ServerResponse,
	part: Buffer,
	{ drop_after, stall_after, speed }: Fault,
): Promise<void> {
	const end = Math.min(
		drop_after ?? part.length,
		stall_after ?? part.length,
		part.length,
	);
	const step = speed ? speed * 5 : Math.max(1, end);
	for (let at = 0; at < end && !response.destroyed; at += step) {
		response.write(part.subarray(at, Math.min(end, at + step)));
		await new Promise((done) => setTimeout(done, speed ? 5 : 0));
	}
	if (drop_after !== undefined && drop_after < part.length)
		setTimeout(() => response.destroy(), 20); // after what was written has gone out
	else if (stall_after === undefined) response.end();
}

function refuse(
	response: http.ServerResponse,
	status: number,
	code: string,
	{ retry_after, headers }: Fault = {},
): http.ServerResponse {
	return response
		.writeHead(status, {
			...(code && { "x-error-code": code }),
			...(retry_after && { "retry-after": retry_after }),
			...headers,
		})
		.end();
}

function json(
	response: http.ServerResponse,
	value: unknown,
): http.ServerResponse {
	return response
		.writeHead(200, { "content-type": "application/json" })
		.end(JSON.stringify(value));
}

async function listen(server: http.Server): Promise<string> {
	await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
	return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
