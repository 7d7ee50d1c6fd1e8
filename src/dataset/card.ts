import { type ClassNames, classLabels } from "./classes";
import { readYaml, type Yaml } from "./yaml";

/** A configuration that a data set declares. */
export interface CardConfig {
	name: string;
	/** The folder in which its files are. */
	folder: string;
	/** By split: paths and patterns below the folder; absent where the names of the files say the splits. */
	files?: Map<string, string[]>;
	isDefault: boolean;
}

/** What a data set says of itself, in README.md's header and beside it. */
export interface Card {
	configs: CardConfig[];
	/** By configuration: the names of its classes. */
	classes: Map<string, ClassNames>;
	notes: string[];
}

/**
 * Reads the header of README.md and what else (`more`) is written as that header is, which takes precedence.
 * Throws one sentence where the configurations cannot be read, as they say what may be trained on.
 */
export function readCard(id: string, readme: string, more = ""): Card {
	const parts = new Map([...sections(headerOf(readme)), ...sections(more)]);
	const notes: string[] = [];
	const read = (name: string): Yaml => {
		const text = parts.get(name);
		const all = text === undefined ? null : readYaml(text);
		return all instanceof Map ? (all.get(name) ?? null) : null;
	};
	const classes = new Map<string, ClassNames>();
	try {
		for (const info of listOf(read("dataset_info"))) {
			const name = textOf(info, "config_name") ?? "default";
			classes.set(name, classesOf(get(info, "features")));
		}
	} catch (error) {
		notes.push(
			`The features in README.md cannot be read (${(error as Error).message}), so that classes that only it names stay numbers.`,
		);
	}
	try {
		const configs = listOf(read("configs")).map(configOf);
		for (const [name, names] of featuresOf(read("configs")))
			classes.set(name, names);
		return { configs, classes, notes };
	} catch (error) {
		throw new Error(
			`The configurations in README.md of the data set "${id}" cannot be read (${(error as Error).message}), and with them its splits: download its files and give their paths.`,
		);
	}
}

/** The names of the classes in the file dataset_infos.json that older data sets have, by configuration. */
export function oldClasses(json: string): Map<string, ClassNames> {
	const all: unknown = JSON.parse(json);
	const found = Object.entries(all ?? {}).map(
		([config, info]) =>
			[
				config,
				classLabels((info as { features?: unknown } | null)?.features),
			] as const,
	);
	return new Map(found.length === 1 ? [["default", found[0][1]]] : found);
}

/** What stands between the two lines "---" at the beginning of a README. */
function headerOf(readme: string): string {
	const lines = readme.replace(/^\ufeff/, "").split(/\r\n|\r|\n/);
	const first = lines.findIndex((line) => line.trim() !== "");
	if (first < 0 || lines[first].trim() !== "---") return "";
	const length = lines
		.slice(first + 1)
		.findIndex((line) => /^---[ \t]*$/.test(line));
	return lines.slice(first + 1, length < 0 ? 0 : first + 1 + length).join("\n");
}

/** The text of each key of the outermost mapping, so that no other key can stop what is read. */
function sections(text: string): Map<string, string> {
	const found = new Map<string, string>();
	let name = "";
	for (const line of text.split("\n")) {
		const key = /^["']?([A-Za-z_]\w*)["']?\s*:(\s|$)/.exec(line)?.[1];
		if (key !== undefined) name = key; // said twice, it is read as twice, which is an error
		const before = found.get(name);
		found.set(name, before === undefined ? line : `${before}\n${line}`);
	}
	return found;
}

function configOf(value: Yaml): CardConfig {
	const name = textOf(value, "config_name");
	if (name === undefined) throw new Error("a configuration has no config_name");
	const files = get(value, "data_files");
	return {
		name,
		folder: (textOf(value, "data_dir") ?? "").replace(/^(\.?\/)+|\/+$/g, ""),
		...(files !== null && { files: filesOf(files) }),
		isDefault:
			name === "default" ||
			/^(true|yes|on)$/i.test(textOf(value, "default") ?? ""),
	};
}

/** A path or pattern, several of them (all of the split train), or those of each split. */
function filesOf(value: Yaml): Map<string, string[]> {
	if (!Array.isArray(value)) {
		if (value instanceof Map)
			return new Map(
				[...value].map(([split, paths]) => [split, pathsOf(paths)]),
			);
		return new Map([["train", pathsOf(value)]]);
	}
	if (!value.some((item) => item instanceof Map))
		return new Map([["train", value.flatMap(pathsOf)]]);
	const found = new Map<string, string[]>();
	for (const item of value) {
		const split = textOf(item, "split");
		if (split === undefined || found.has(split))
			throw new Error(
				split === undefined
					? "files are of no split"
					: `the split "${split}" is there twice`,
			);
		found.set(split, pathsOf(get(item, "path")));
	}
	return found;
}

function pathsOf(value: Yaml): string[] {
	const paths = Array.isArray(value) ? value : [value];
	return paths.map((path) => {
		if (typeof path !== "string" || path.length > 1000)
			throw new Error("a path is no text");
		return path.replace(/^(\.\/)+/, "");
	});
}

function featuresOf(configs: Yaml): [string, ClassNames][] {
	return listOf(configs)
		.filter((config) => get(config, "features") !== null)
		.map((config) => [
			textOf(config, "config_name") ?? "",
			classesOf(get(config, "features")),
		]);
}

/** The names of the classes among features as README.md lists them. */
function classesOf(features: Yaml): ClassNames {
	const found: ClassNames = new Map();
	for (const feature of listOf(features)) {
		const column = textOf(feature, "name");
		const names = labelNames(feature);
		if (column !== undefined && names.length) found.set(column, names);
	}
	return found;
}

function labelNames(feature: Yaml): string[] {
	for (const key of ["dtype", "sequence", "list", "large_list"]) {
		const inner = get(feature, key);
		if (inner instanceof Map) return labelNames(inner);
	}
	const names = get(get(feature, "class_label"), "names");
	const all = names instanceof Map ? numbered(names) : names;
	return Array.isArray(all)
		? all.map((name) => (name === null ? "null" : String(name)))
		: [];
}

function numbered(names: Map<string, Yaml>): Yaml[] {
	const found: Yaml[] = [];
	for (const [number, name] of names)
		if (/^\d{1,6}$/.test(number)) found[Number(number)] = name;
	return Array.from(found, (name, i) => name ?? String(i));
}

function listOf(value: Yaml): Yaml[] {
	if (value === null) return [];
	return Array.isArray(value) ? value : [value];
}

function get(value: Yaml, key: string): Yaml {
	return value instanceof Map ? (value.get(key) ?? null) : null;
}

function textOf(value: Yaml, key: string): string | undefined {
	const found = get(value, key);
	return typeof found === "string" ? found : undefined;
}
