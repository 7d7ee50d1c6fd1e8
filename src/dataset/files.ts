import { isHubId } from "../hub";
import { short } from "./say";
import { splitNames, splitOfWord } from "./split-words";
import { append, isFileName, readFile } from "./table";
import type { Taken } from "./take";
import type { LoadSentencesOptions, SentenceSource, Split } from "./types";

interface Part {
	file: string;
	split?: Split;
}

/** The files of a source of several, with the split that each of them is. */
function partsOf(source: Exclude<SentenceSource, string>): Part[] {
	const parts: Part[] = Array.isArray(source)
		? source.map((file) => ({ file }))
		: Object.entries(source ?? {}).flatMap(([key, files]) => {
				const split = splitOfWord(key);
				if (!split)
					throw new Error(
						`The files are given as ${short(key)}, where ${splitNames.join(", ")} were expected, e.g. { train: "a.csv", test: "b.csv" }.`,
					);
				return [files].flat().map((file) => ({ file, split }));
			});
	if (parts.length === 0)
		throw new Error(
			'No file is given: give a path, a list of paths, or { train: "a.csv", test: "b.csv" }.',
		);
	for (const { file } of parts)
		if (
			typeof file !== "string" ||
			(!isFileName(file) && isHubId(file) && !file.includes("."))
		)
			throw new Error(
				`${short(String(file))} is given as one of several files, where the path of a file was expected; a data set of the hub is given alone.`,
			);
	return parts;
}

/** Several files as one source, read as far as `limit`. */
export async function readFiles(
	source: Exclude<SentenceSource, string>,
	options: LoadSentencesOptions,
): Promise<Taken & { name: string }> {
	const parts = partsOf(source);
	const given = parts.some(({ split }) => split);
	const wanted =
		options.split === undefined ? undefined : splitOfWord(options.split);
	const chosen =
		given && options.split !== undefined
			? parts.filter(({ split }) => split === wanted)
			: parts;
	if (chosen.length === 0)
		throw new Error(
			`No file is given for the split ${short(options.split ?? "")}; there are files for ${[...new Set(parts.map(({ split }) => split))].join(", ")}.`,
		);
	const { split: _, ...others } = options;
	let left = options.limit;
	const taken: Taken[] = [];
	for (const { file, split } of chosen) {
		if (left === 0) break;
		const part = await readFile(file, {
			...(given ? { ...others, split_column: false } : options),
			...(left !== undefined && { limit: left }),
		});
		if (left !== undefined && options.stratify === undefined)
			left -= part.text.length;
		taken.push(split ? { ...part, split: part.text.map(() => split) } : part);
	}
	const shown = chosen
		.slice(0, 3)
		.map(({ file }) => file)
		.join(", ");
	const more = chosen.length > 3 ? ` and ${chosen.length - 3} more` : "";
	return {
		...joined(
			chosen.map(({ file }) => file),
			taken,
		),
		name: shown + more,
	};
}

/** One behind the other; a column that one of them lacks is left out. */
function joined(files: string[], parts: Taken[]): Taken {
	const starts: number[] = [];
	let rows = 0;
	for (const { text } of parts) {
		starts.push(rows);
		rows += text.length;
	}
	const left = new Map(parts.flatMap((part) => [...part.left]));
	const columns = new Map<string, string[]>();
	for (const name of new Set(
		parts.flatMap((part) => [...part.columns.keys()]),
	)) {
		if (left.has(name)) continue;
		const lacking = parts.findIndex((part) => !part.columns.has(name));
		if (lacking >= 0) left.set(name, `is not in ${files[lacking]}`);
		else
			columns.set(
				name,
				parts.reduce<string[]>(
					(all, part) => append(all, part.columns.get(name) ?? []),
					[],
				),
			);
	}
	const flat = <T>(of: (part: Taken) => T[] | undefined): T[] | undefined =>
		parts.every(of)
			? parts.reduce<T[]>((all, part) => append(all, of(part) ?? []), [])
			: undefined;
	const split = flat((part) => part.split);
	const group = flat((part) => part.group);
	return {
		text: flat((part) => part.text) ?? [],
		columns,
		...(split && { split }),
		...(group && { group }),
		left,
		options: parts[0].options,
		notes: parts.flatMap((part) => part.notes),
		where(row) {
			const after = starts.findIndex((start) => start > row);
			const part = (after < 0 ? starts.length : after) - 1;
			return parts[part].where(row - starts[part]);
		},
	};
}
