import { createHmac, randomUUID, timingSafeEqual } from "node:crypto";

/** The header of every message of the Jupyter protocol. */
export interface Header {
	msg_id: string;
	msg_type: string;
	session: string;
	username: string;
	date: string;
	version: string;
}

/** A message of the Jupyter protocol; `identity` is the route back to its sender. */
export interface Message {
	identity: Buffer[];
	header: Header;
	parent: Header | object;
	content: object;
}

/** The protocol that the kernel speaks. */
export const protocolVersion = "5.3";

const delimiter = Buffer.from("<IDS|MSG>");
const session = randomUUID();

function signature(key: string, parts: Buffer[]): string {
	if (!key) return ""; // by the protocol, an empty key turns signing off
	const hash = createHmac("sha256", key);
	for (const part of parts) hash.update(part);
	return hash.digest("hex");
}

/**
 * Reads a message from its frames: [identity…, delimiter, signature, header, parent, metadata, content].
 * Throws when the delimiter is missing, the signature is wrong, or a part is not JSON.
 */
export function decodeMessage(key: string, frames: Buffer[]): Message {
	const at = frames.findIndex((frame) => frame.equals(delimiter));
	if (at < 0 || frames.length < at + 6) {
		throw new Error("A message without a delimiter or with too few parts.");
	}
	const parts = frames.slice(at + 2);
	const given = frames[at + 1];
	const wanted = Buffer.from(signature(key, parts));
	if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) {
		throw new Error("A message with a wrong signature.");
	}
	const [header, parent, , content] = parts.map((part, i) =>
		i < 4 ? JSON.parse(part.toString()) : undefined,
	);
	return { identity: frames.slice(0, at), header, parent, content };
}

/** Writes a message that answers or belongs to `parent` as frames, signed; a content in bytes is JSON already. */
export function encodeMessage(
	key: string,
	parent: Message,
	type: string,
	content: object | Buffer,
): Buffer[] {
	const header: Header = {
		msg_id: randomUUID(),
		msg_type: type,
		session,
		username: parent.header.username,
		date: new Date().toISOString(),
		version: protocolVersion,
	};
	const parts = [header, parent.header, {}, content].map((part) =>
		Buffer.isBuffer(part) ? part : Buffer.from(JSON.stringify(part)),
	);
	return [
		...parent.identity,
		delimiter,
		Buffer.from(signature(key, parts)),
		...parts,
	];
}
