import {
	decode,
	encode,
	type SourceMapMappings,
} from "@jridgewell/sourcemap-codec";

/** The lines before a cell in the file that the compiler sees. */
const linesBefore = 1;
/** The lines before its code in the file that Node runs. */
const linesWrapped = 1;

/** Where a place in compiled code comes from: the last entry of its line that is not behind it. */
function originOf(
	mappings: SourceMapMappings,
	line: number,
	column: number,
): [line: number, column: number] | undefined {
	const entry = mappings[line]?.filter(([at]) => at <= column).at(-1);
	return entry && entry.length > 1
		? [entry[2] as number, entry[3] as number]
		: undefined;
}

/**
 * The comment that tells Node the lines of a cell: it is compiled in two steps, each of which has a source map as JSON.
 * `file` is the name that stack traces show.
 */
export function mapComment(first: string, second: string, file: string) {
	const toStep = decode(JSON.parse(second).mappings);
	const toCell = decode(JSON.parse(first).mappings);
	const mappings: SourceMapMappings = toStep.map((line) =>
		line.flatMap((entry) => {
			if (entry.length === 1) return [];
			const origin = originOf(toCell, entry[2], entry[3]);
			if (!origin || origin[0] < linesBefore) return [];
			return [[entry[0], 0, origin[0] - linesBefore, origin[1]]];
		}),
	);
	const map = {
		version: 3,
		sources: [file],
		names: [],
		mappings: ";".repeat(linesWrapped) + encode(mappings),
	};
	const base64 = Buffer.from(JSON.stringify(map)).toString("base64");
	return `//# sourceMappingURL=data:application/json;base64,${base64}`;
}
