import { checkStatus } from "./api";
import { ask, type Reply } from "./ask";
import { brokenBody } from "./connect";
import { HubError, PassingError } from "./failure";
import { plainEtag, quoted } from "./names";
import type { RemoteFile } from "./remote";
import { fileUrl, type Repository } from "./repository";

/**
 * Asks for the content of a file from a byte on. The answer is one that fits: the rest, or, with status 200, the whole.
 * Throws a PassingError otherwise.
 */
export async function askContent(
	repository: Repository,
	file: RemoteFile,
	name: string,
	from: number,
): Promise<Reply> {
	const { settings, signal } = repository;
	const hashed = /^([0-9a-f]{40}|[0-9a-f]{64})$/.test(file.etag);
	const reply = await ask({
		method: "GET",
		url: fileUrl(repository, file.commit, name),
		headers: {
			...(from > 0 && { range: `bytes=${from}-` }),
			// where no hash will tell, the server must: it sends the whole if its version is another
			...(from > 0 && !hashed && { "if-range": `"${file.etag}"` }),
		},
		settings,
		abroad: true,
		...(signal && { signal }),
	}).catch((error) => {
		if (error instanceof HubError && error.reason === "unreachable")
			throw new PassingError(error.message.replace(/\.$/, "")); // it was there a moment ago
		throw error;
	});
	const status = reply.answer.statusCode;
	if (status !== 416) await checkStatus(repository, file.commit, reply);
	const problem = misfit(reply, file, from);
	if (!problem) return reply;
	reply.answer.destroy();
	throw new PassingError(
		`${reply.question.url.host} answers for ${name} with ${problem}`,
		{ anew: status === 206 || status === 416 }, // the next attempt asks for the whole
	);
}

/** What is wrong with an answer, if anything. */
function misfit(
	{ answer, said, own }: Reply,
	file: RemoteFile,
	from: number,
): string | undefined {
	const { statusCode, headers } = answer;
	const etag = said["x-linked-etag"] ?? (own ? headers.etag : undefined);
	if (etag !== undefined && plainEtag(etag) !== file.etag)
		return `the etag ${quoted(etag)}, where ${file.etag} was announced`;
	const rest = statusCode === 206 ? file.size - from : file.size;
	if (statusCode === 206) {
		const range = headers["content-range"] ?? "";
		const wanted = `bytes ${from}-${file.size - 1}/${file.size}`;
		if (range !== wanted)
			return `the range ${quoted(range)}, where "${wanted}" was asked for`;
	} else if (statusCode !== 200) return `status ${statusCode}`;
	const length = headers["content-length"];
	if (length !== undefined && Number(length) !== rest)
		return `${quoted(length)} bytes, where ${rest} were expected`;
	return undefined;
}

/** The bytes of an answer as they come; a broken connection is a PassingError. */
export async function* bodyOf(reply: Reply): AsyncGenerator<Buffer> {
	try {
		yield* reply.answer as AsyncIterable<Buffer>;
	} catch (error) {
		throw brokenBody(error, reply.question);
	}
}
