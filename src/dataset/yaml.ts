import { isNode, isScalar, LineCounter, parseDocument, visit } from "yaml";

/** A value of YAML; every scalar stays the text that was written, and null is what stands for nothing. */
export type Yaml = string | null | Yaml[] | Map<string, Yaml>;

/** Text of more characters is refused, and so are more aliases: what is hostile would take long to read. */
const LONGEST = 250_000;
const MOST_ALIASES = 100;

/**
 * Reads YAML as Python's PyYAML does it, but that each scalar stays text, as paths and names of classes are. Throws where
 * it is broken, where a key is no text or is there twice, and for types such as !!set.
 */
export function readYaml(text: string): Yaml {
	if (text.length > LONGEST)
		throw new Error(`it has more than ${LONGEST} characters`);
	const lineCounter = new LineCounter();
	const document = parseDocument(text.replace(/\r\n?/g, "\n"), {
		version: "1.1",
		schema: "failsafe",
		customTags: ["null", "merge"],
		uniqueKeys: false, // the library would compare each key with each
		prettyErrors: false, // the library would make a picture of each error
		lineCounter,
	});
	const broken = (at: number | undefined, why: string): never => {
		const { line } = lineCounter.linePos(at ?? 0);
		throw new Error(`line ${line}: ${why.slice(0, 100).trim()}`);
	};
	for (const { pos, message } of [...document.errors, ...document.warnings])
		broken(pos[0], message);
	let aliases = 0;
	visit(document, {
		Alias(_, { source, range }, path) {
			if (++aliases > MOST_ALIASES)
				broken(range?.[0], `there are more than ${MOST_ALIASES} aliases`);
			if (path.some((node) => isNode(node) && node.anchor === source))
				broken(range?.[0], `*${source} is inside of what it stands for`);
		},
		Map(_, { items, range }) {
			const known = new Set<unknown>();
			for (const { key } of items) {
				if (!isScalar(key) || key.value === null)
					return broken(range?.[0], "a key is no text");
				if (known.has(key.value))
					broken(
						key.range?.[0],
						`"${key.source?.slice(0, 40)}" is there twice`,
					);
				known.add(key.value);
			}
		},
	});
	try {
		return document.toJS({ mapAsMap: true, maxAliasCount: MOST_ALIASES });
	} catch (error) {
		throw new Error((error as Error).message.slice(0, 100)); // an alias of nothing
	}
}
