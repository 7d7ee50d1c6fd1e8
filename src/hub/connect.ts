import http from "node:http";
import https from "node:https";
import { isIP, type Socket } from "node:net";
import tls from "node:tls";
import { HubError, PassingError } from "./failure";
import { stallOf } from "./settings";

/** One question to a server. */
export interface Question {
	method: "GET" | "HEAD" | "CONNECT";
	url: URL;
	headers: Record<string, string>;
	signal?: AbortSignal;
}

/** An answer whose headers have come; its body is read as a stream, or thrown away with `destroy`. */
export type Answer = http.IncomingMessage;

/**
 * Sends one request, through the proxy that HTTPS_PROXY, HTTP_PROXY and NO_PROXY name, and waits for the headers.
 * Redirects are the caller's matter. A connection over which nothing comes for as long as `stallOf` says is given up.
 */
export async function send(question: Question): Promise<Answer> {
	const { url } = question;
	const proxy = proxyFor(url);
	if (!proxy) return exchange(question, { ...target(url) });
	if (url.protocol === "http:")
		return exchange(question, {
			...target(proxy),
			path: url.href,
			setHost: false,
			headers: { host: url.host, ...proxyHeaders(proxy) },
		});
	const socket = await tunnel(question, proxy);
	return exchange(question, {
		...target(url),
		agent: undefined, // an agent would not use the connection
		createConnection: () => {
			const host = bare(url);
			return tls.connect({
				socket,
				host,
				...(isIP(host) === 0 && { servername: host }), // an address is no name
			});
		},
	});
}

function target(url: URL): https.RequestOptions {
	return {
		protocol: url.protocol,
		hostname: bare(url),
		port: url.port || (url.protocol === "https:" ? 443 : 80),
		path: url.pathname + url.search,
		agent: false,
	};
}

/** The host of an address, an IPv6 one without its brackets. */
function bare({ hostname }: URL): string {
	return hostname.replace(/^\[|\]$/g, "");
}

function exchange(
	question: Question,
	options: https.RequestOptions,
): Promise<Answer> {
	return new Promise((resolve, reject) => {
		const request = open(question, options);
		const stop = watch(request, question);
		request.on("error", (error) => {
			stop();
			reject(explain(error, question));
		});
		request.on("response", (answer) => {
			stop.attach(answer);
			answer.on("close", stop);
			resolve(answer);
		});
		request.end();
	});
}

function open({ method, headers }: Question, options: https.RequestOptions) {
	const module = options.protocol === "https:" ? https : http;
	return module.request({
		...options,
		method,
		headers: { ...headers, ...(options.headers as Record<string, string>) },
	});
}

/** Ends a request that stalls or is aborted; `stop` ends the watch. */
function watch(request: http.ClientRequest, { method, url, signal }: Question) {
	let answer: Answer | undefined;
	const end = (error: Error) => (answer ?? request).destroy(error);
	const stall = stallOf(method);
	const stalled = `${url.host} sent nothing for ${stall / 1000} s`;
	const timer = setTimeout(() => end(new PassingError(stalled)), stall);
	const abort = () => end(asError(signal?.reason));
	if (signal?.aborted) abort();
	signal?.addEventListener("abort", abort, { once: true });
	const stop = () => {
		clearTimeout(timer);
		signal?.removeEventListener("abort", abort);
	};
	const attach = (to: Answer) => {
		answer = to;
		to.on("data", () => timer.refresh());
		to.on("error", () => {}); // whoever reads it hears of it; a body thrown away may break
		to.pause(); // until somebody reads it
	};
	return Object.assign(stop, { attach });
}

/** A connection to the host of `question`, for TLS, through a proxy. */
function tunnel(question: Question, proxy: URL): Promise<Socket> {
	const { url, signal } = question;
	const goal = `${url.hostname}:${url.port || 443}`;
	return new Promise((resolve, reject) => {
		const request = open(
			{ method: "CONNECT", url: proxy, headers: { host: goal }, signal },
			{ ...target(proxy), path: goal, headers: proxyHeaders(proxy) },
		);
		const stop = watch(request, question);
		request.on("error", (error) => {
			stop();
			reject(explain(error, { ...question, url: proxy }));
		});
		request.on("connect", (answer, socket) => {
			stop();
			if (answer.statusCode === 200) return resolve(socket as Socket);
			socket.destroy();
			reject(
				new HubError(
					"unreachable",
					`The proxy ${proxy.host} does not connect to ${goal} (status ${answer.statusCode}): check HTTPS_PROXY and NO_PROXY.`,
				),
			);
		});
		request.on("response", (answer) => {
			stop();
			answer.destroy();
			reject(
				new HubError(
					"unreachable",
					`The proxy ${proxy.host} does not connect to ${goal}: check HTTPS_PROXY and NO_PROXY.`,
				),
			);
		});
		request.end();
	});
}

/** The proxy for an address, by the usual variables of the environment. */
function proxyFor(url: URL): URL | undefined {
	const read = (name: string) =>
		process.env[name.toLowerCase()] || process.env[name];
	const kind = url.protocol === "https:" ? "HTTPS_PROXY" : "HTTP_PROXY";
	const given = read(kind) || read("ALL_PROXY");
	if (!given || isExempt(url, read("NO_PROXY") ?? "")) return undefined;
	const text = given.includes("://") ? given : `http://${given}`;
	const proxy = URL.canParse(text) ? new URL(text) : undefined;
	if (proxy && /^https?:$/.test(proxy.protocol)) return proxy;
	throw new HubError(
		"unreachable",
		`${kind} names a proxy that is not an http address; give one such as "http://proxy:3128".`,
	);
}

function isExempt({ hostname, port }: URL, list: string): boolean {
	return list
		.split(/[\s,]+/)
		.map((entry) => entry.toLowerCase().replace(/^\*?\./, ""))
		.filter(Boolean)
		.some((entry) => {
			const [host, only] = entry.split(/:(\d+)$/);
			if (only && only !== port) return false;
			return host === "*" || hostname === host || hostname.endsWith(`.${host}`);
		});
}

function proxyHeaders({ username, password }: URL): Record<string, string> {
	if (!username) return {};
	const login = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
	const secret = Buffer.from(login).toString("base64");
	return { "proxy-authorization": `Basic ${secret}` };
}

/** What a broken connection means: worth another attempt, or not. */
function explain(error: Error, { url, signal }: Question): Error {
	if (signal?.aborted) return asError(signal.reason);
	if (error instanceof HubError) return error;
	const { code = "" } = error as NodeJS.ErrnoException;
	if (/^(ECONNRESET|EPIPE|ETIMEDOUT|HPE_.*|ERR_STREAM.*)$/.test(code))
		return new PassingError(`The connection to ${url.host} broke (${code})`);
	return new HubError(
		"unreachable",
		`${url.origin} cannot be reached (${code || error.message}): check the network and HF_ENDPOINT, or set HF_HUB_OFFLINE=1 to use only what is in the cache.`,
	);
}

/** The reason of a broken body, as `explain` does for a request. */
export function brokenBody(error: unknown, question: Question): Error {
	return explain(asError(error), question);
}

function asError(reason: unknown): Error {
	return reason instanceof Error ? reason : new Error(String(reason));
}
