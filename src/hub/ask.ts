import { type Answer, brokenBody, type Question, send } from "./connect";
import { HubError, PassingError } from "./failure";
import { quoted } from "./names";
import type { HubSettings } from "./settings";

const LONGEST_CHAIN = 8;

/** A request to the hub. */
export interface Ask {
	method: "GET" | "HEAD";
	url: URL;
	headers?: Record<string, string>;
	settings: HubSettings;
	/** Whether redirects are followed to hosts other than the hub's. */
	abroad: boolean;
	signal?: AbortSignal;
}

/** The last answer of a chain of redirects, and the headers of the hub's own answers on the way. */
export interface Reply {
	question: Question;
	answer: Answer;
	/** Whether the last answer is the hub's own, so that its headers may be believed. */
	own: boolean;
	/** Headers of the hub's own answers, later ones over earlier ones. */
	said: Record<string, string>;
}

/**
 * Asks, and follows redirects by hand: the token goes to the hub's own origin and to no other, and never again once
 * the chain has left it. A redirect from https to http is refused.
 */
export async function ask(wanted: Ask): Promise<Reply> {
	const { endpoint, token } = wanted.settings;
	const said: Record<string, string> = {};
	let { url } = wanted;
	let trusted = true;
	for (let hop = 0; hop < LONGEST_CHAIN; hop++) {
		trusted &&= url.origin === endpoint.origin;
		const question: Question = {
			method: wanted.method,
			url,
			headers: {
				"user-agent": "sparselens",
				"accept-encoding": "identity", // sizes and ranges count the file's own bytes
				...wanted.headers,
				...(trusted && token && { authorization: `Bearer ${token}` }),
			},
			...(wanted.signal && { signal: wanted.signal }),
		};
		const answer = await send(question);
		if (trusted) Object.assign(said, plainHeaders(answer));
		const next = redirectOf(answer, url);
		if (!next || (!wanted.abroad && next.origin !== endpoint.origin))
			return { question, answer, own: trusted, said };
		answer.destroy();
		url = next;
	}
	throw new HubError(
		"refused",
		`${wanted.url.host} redirects more than ${LONGEST_CHAIN} times for ${quoted(wanted.url.pathname)}.`,
	);
}

/** The text of an answer of at most `most` bytes. */
export async function readBody(reply: Reply, most: number): Promise<string> {
	const parts: Buffer[] = [];
	let size = 0;
	try {
		for await (const part of reply.answer) {
			size += part.length;
			if (size > most) break; // leaving the loop ends the connection
			parts.push(part);
		}
	} catch (error) {
		throw brokenBody(error, reply.question);
	}
	if (size > most)
		throw new HubError(
			"refused",
			`${reply.question.url.host} answers with more than ${most} bytes for ${quoted(reply.question.url.pathname)}.`,
		);
	if (!reply.answer.complete)
		throw new PassingError(
			`The answer of ${reply.question.url.host} ended early`,
		);
	return Buffer.concat(parts).toString("utf8");
}

function redirectOf(answer: Answer, from: URL): URL | undefined {
	const { statusCode = 0, headers } = answer;
	if (![301, 302, 303, 307, 308].includes(statusCode)) return undefined;
	const { location = "" } = headers;
	const to = URL.canParse(location, from.href)
		? new URL(location, from)
		: undefined;
	const safe =
		to &&
		/^https?:$/.test(to.protocol) &&
		!(from.protocol === "https:" && to.protocol === "http:");
	if (location && safe) return to;
	answer.destroy();
	throw new HubError(
		"refused",
		`${from.host} redirects to ${quoted(location)}, which is not a safe address.`,
	);
}

function plainHeaders({ headers }: Answer): Record<string, string> {
	return Object.fromEntries(
		Object.entries(headers).filter(
			(entry): entry is [string, string] => typeof entry[1] === "string",
		),
	);
}
