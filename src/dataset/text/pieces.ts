import { isUtf8 } from "node:buffer";
import { open } from "node:fs/promises";
import { pipeline } from "node:stream";
import { createGunzip } from "node:zlib";

/** Bytes that are read at a time. */
const PIECE = 1 << 18;

/** A line, a quoted value or a JSON value of more characters is refused: a packed file may hold any length. */
export const LONGEST = 1 << 24;

const kinds =
	".csv, .tsv, .txt, .jsonl, .ndjson, .json (each also with .gz) or .parquet";
export const missingFile = (file: string) =>
	`The file ${file} does not exist or cannot be read; give "bundled" or the path of a ${kinds} file.`;

/**
 * A text file piece by piece, unpacked where it is gzip, without its byte order mark. Throws one sentence where it is
 * missing, or (with the line) where a piece that was asked for is not in its encoding: characters would be lost, and
 * with them the difference between two labels.
 */
export async function* textPieces(
	file: string,
	encoding: string | undefined,
	signal?: AbortSignal,
): AsyncGenerator<string> {
	let decode: ((bytes: Buffer, end: boolean) => string) | undefined;
	let first = Buffer.alloc(0);
	for await (const bytes of bytesOf(file)) {
		signal?.throwIfAborted();
		if (decode) yield decode(bytes, false);
		else {
			first = Buffer.concat([first, bytes]);
			if (first.length < 4) continue;
			decode = decoder(file, first, encoding);
			yield decode(withoutMark(first), false);
		}
	}
	decode ??= decoder(file, first, encoding);
	yield decode(first.length < 4 ? withoutMark(first) : Buffer.alloc(0), true);
}

async function* bytesOf(file: string): AsyncGenerator<Buffer> {
	const handle = await open(file).catch(() => {
		throw new Error(missingFile(file));
	});
	const stream = handle.createReadStream({ start: 0, highWaterMark: PIECE });
	try {
		const { buffer } = await handle.read(Buffer.alloc(2), 0, 2, 0);
		const isGzip = buffer.equals(Buffer.of(0x1f, 0x8b));
		const pieces = isGzip
			? pipeline(stream, createGunzip({ chunkSize: PIECE }), () => {})
			: stream;
		for await (const bytes of pieces) yield bytes as Buffer;
	} catch (error) {
		const { code, message } = error as NodeJS.ErrnoException;
		if (code?.startsWith("Z_"))
			throw new Error(`The file ${file} is broken gzip: ${message}.`);
		throw code === undefined ? error : new Error(missingFile(file));
	} finally {
		stream.destroy();
	}
}

const marks: [string, Buffer][] = [
	["utf-8", Buffer.of(0xef, 0xbb, 0xbf)],
	["utf-16le", Buffer.of(0xff, 0xfe)],
	["utf-16be", Buffer.of(0xfe, 0xff)],
];

const markOf = (bytes: Buffer) =>
	marks.find(([, mark]) => bytes.subarray(0, mark.length).equals(mark));

const withoutMark = (bytes: Buffer) =>
	bytes.subarray(markOf(bytes)?.[1].length ?? 0);

function decoder(file: string, first: Buffer, wanted?: string) {
	const begins = first.toString("hex", 0, 4);
	if (begins === "504b0304" || begins === "fffe0000")
		throw new Error(
			`The file ${file} is ${begins === "fffe0000" ? "UTF-32: save it as UTF-8" : "a zip archive, as spreadsheets (.xlsx) are: save its table as CSV"}.`,
		);
	const marked = markOf(first)?.[0];
	const name = wanted === undefined ? (marked ?? "utf-8") : encodingOf(wanted);
	if (marked && marked !== name)
		throw new Error(
			`The file ${file} begins with the byte order mark of ${marked}, but encoding is "${wanted}": leave it out.`,
		);
	if (wanted === undefined && !marked && isWide(first))
		throw new Error(
			`The file ${file} holds a NUL in every other byte, as UTF-16 does: give encoding: "utf-16le" (or "utf-16be").`,
		);
	if (name === "utf-8") return utf8(file);
	if (name === "windows-1252") return windows1252;
	const decoder = new TextDecoder(name, { fatal: true, ignoreBOM: true });
	let lines = 1;
	return (bytes: Buffer, end: boolean) => {
		try {
			const text = decoder.decode(bytes, { stream: !end });
			lines += countLines(text);
			return text;
		} catch {
			throw new Error(
				`The file ${file} is not ${name}, from line ${lines} on or a little later: give another encoding.`,
			);
		}
	};
}

function encodingOf(wanted: string): string {
	const asPython = wanted
		.toLowerCase()
		.replaceAll("_", "-")
		.replace(/-sig$/, "")
		.replace(/^latin-/, "latin");
	for (const name of [wanted, asPython])
		try {
			return new TextDecoder(name).encoding;
		} catch {}
	throw new Error(
		`encoding is "${wanted}", which is not known; give one such as "utf-8", "latin1", "windows-1252" or "utf-16le".`,
	);
}

/** Every other byte is 0, as where letters take two. */
function isWide(bytes: Buffer): boolean {
	const some = bytes.subarray(0, 1000);
	return (
		some.length > 1 &&
		some.filter((byte) => byte === 0).length > some.length / 3
	);
}

function utf8(file: string) {
	let rest: Buffer = Buffer.alloc(0);
	let lines = 1;
	return (bytes: Buffer, end: boolean) => {
		const all = rest.length ? Buffer.concat([rest, bytes]) : bytes;
		const whole = end ? all.length : all.length - cutCharacter(all);
		rest = all.subarray(whole);
		const now = all.subarray(0, whole);
		const text = now.toString("utf8");
		if (isUtf8(now)) {
			lines += countLines(text);
			return text;
		}
		const rows = now.toString("latin1").split(/\r\n|\n|\r/); // a character a byte
		const broken = rows.findIndex((row) => !isUtf8(Buffer.from(row, "latin1")));
		throw new Error(
			`Line ${lines + broken} of ${file} is not UTF-8; save the file in that encoding, or give encoding, e.g. "latin1".`,
		);
	};
}

/** How many bytes at the end are the beginning of a character. */
function cutCharacter(bytes: Buffer): number {
	for (let n = 1; n <= Math.min(3, bytes.length); n++) {
		const byte = bytes[bytes.length - n];
		if (byte < 0x80) return 0;
		if (byte < 0xc0) continue;
		const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
		return n < length ? n : 0;
	}
	return 0;
}

const countLines = (text: string) =>
	text.match(/\r\n|\n|\r(?!$)/g)?.length ?? 0;

/** The characters of the bytes 0x80 to 0x9f; Node's own decoder gives control characters in some versions. */
const upper = "€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ";

function windows1252(bytes: Buffer): string {
	return bytes
		.toString("latin1")
		.replace(/[\x80-\x9f]/g, (c) => upper[c.charCodeAt(0) - 0x80]);
}
