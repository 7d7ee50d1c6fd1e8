import {
	decode,
	encode,
	type SourceMapMappings,
} from "@jridgewell/sourcemap-codec";

/** Puts `text` in the place of what stands from `start` to `end`. */
export interface Edit {
	start: number;
	end: number;
	text: string;
}

/** The lines before a cell in the file that the compiler sees. */
const linesBefore = 1;
/** The lines before its code in the file that Node runs. */
const linesWrapped = 1;

/** Code with edits, of which none overlap; each line stays the line that it was. */
export function edited(code: string, edits: readonly Edit[]): string {
	let at = 0;
	let out = "";
	for (const { start, end, text } of edits) {
		const lines = code.slice(start, end).split("\n").length - 1;
		out += code.slice(at, start) + text + "\n".repeat(lines);
		at = end;
	}
	return out + code.slice(at);
}

/**
 * The comment that tells Node the lines of a cell. `map`: the source map of the compiled code as JSON, before the edits
 * were made in it. `file`: the name that stack traces show.
 */
export function mapComment(
	map: string,
	code: string,
	edits: readonly Edit[],
	file: string,
): string {
	const lines = decode(JSON.parse(map).mappings);
	const starts = lineStarts(code);
	let next = 0;
	const mappings: SourceMapMappings = starts.map((start, i) => {
		const end = starts[i + 1] ?? code.length + 1;
		let shift = -start;
		const moved: SourceMapMappings[number] = [];
		for (const entry of lines[i] ?? []) {
			const at = start + entry[0];
			for (; edits[next]?.end <= at; next++) shift += growth(edits[next]);
			if (entry.length === 1 || entry[2] < linesBefore) continue;
			const column = Math.min(at, edits[next]?.start ?? at) + shift;
			if (column !== moved.at(-1)?.[0])
				moved.push([column, 0, entry[2] - linesBefore, entry[3]]);
		}
		while (edits[next]?.start < end) next++;
		return moved;
	});
	const json = JSON.stringify({
		version: 3,
		sources: [file],
		names: [],
		mappings: ";".repeat(linesWrapped) + encode(mappings),
	});
	return `//# sourceMappingURL=data:application/json;base64,${Buffer.from(json).toString("base64")}`;
}

/** By how much an edit moves what stands behind it in its line. */
const growth = ({ start, end, text }: Edit) => text.length - (end - start);

function lineStarts(code: string): number[] {
	const starts = [0];
	for (let at = code.indexOf("\n"); at >= 0; at = code.indexOf("\n", at + 1))
		starts.push(at + 1);
	return starts;
}
