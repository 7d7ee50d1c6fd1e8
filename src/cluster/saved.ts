import type { Clustering } from "./result";

/** What the JSON of a saved clustering holds. */
export type Saved = Omit<
	Clustering,
	| "assignment"
	| "centres"
	| "space"
	| "projection"
	| "sizes"
	| "agreement"
	| "enrichment"
	| "silhouette"
	| "unit"
	| "n_units"
	| "copies"
> & { silhouette: number | null };

/** Throws a sentence that says what is wrong. */
type Refuse = (what: string) => never;

type Fields = Record<string, unknown>;

const choices = {
	kind: ["clusters"],
	metric: ["euclidean", "spherical"],
	source: ["latents", "activations"],
	pool: ["mean", "max", "last"],
	solver: ["lloyd", "ml-kmeans"],
};

/** Checks all that the record's readers rely on: types, lengths, and that clusters and sentences are there. */
export function checkRecord(value: unknown, refuse: Refuse): Saved {
	if (!isFields(value)) return refuse("its record is no object");
	for (const [name, of] of Object.entries(choices))
		if (!of.includes(value[name] as string))
			refuse(
				`${name} is ${told(value[name])}, where ${of.map(told).join(" or ")} was expected`,
			);
	const may = ["before", "model_name", "model_fingerprint"];
	for (const name of ["hook_name", ...may.filter((name) => name in value)])
		if (typeof value[name] !== "string") refuse(`${name} is no text`);
	for (const name of ["inertia", "seed", "seconds", "restarts"])
		if (!Number.isFinite(value[name])) refuse(`${name} is no number`);
	if (value.silhouette !== null && !Number.isFinite(value.silhouette))
		refuse("silhouette is no number");
	if (value.stopped !== undefined && value.stopped !== "interrupted")
		refuse(`stopped is ${told(value.stopped)}`);
	const n = checkSentences(value.sentences, refuse);
	const { labels } = value.sentences as Saved["sentences"];
	if (value.group !== undefined && !Object.hasOwn(labels, String(value.group)))
		refuse(`its group is ${told(value.group)}, which is no label of it`);
	if (value.silent !== undefined && !isPlace(value.silent))
		refuse("silent is no number of sentences");
	const k = value.k as number;
	if (!Number.isSafeInteger(k) || k < 1 || k > n)
		refuse(`k is ${told(k)} for ${n} sentences`);
	checkLists(value, k, n, refuse);
	const { sentences } = value as unknown as Saved;
	const offsets = Object.fromEntries(
		Object.entries(sentences.offsets).map(([name, of]) => [
			name,
			Uint32Array.from(of),
		]),
	);
	const token_ids = sentences.token_ids?.map((ids) => Int32Array.from(ids));
	return {
		...value,
		sentences: { ...sentences, offsets, ...(token_ids && { token_ids }) },
	} as Saved;
}

/** How many there are. */
function checkSentences(value: unknown, refuse: Refuse): number {
	if (!isFields(value)) return refuse("it has no sentences");
	const { kind, name, text, labels, offsets, split, group, token_ids } = value;
	if (kind !== "sentences" || typeof name !== "string")
		refuse("its sentences have no name");
	if (!isList(text) || !text.every((t) => typeof t === "string"))
		return refuse("its sentences are no list of texts");
	const columns = (
		of: unknown,
		what: string,
		fits: (v: unknown) => boolean,
	) => {
		if (!isFields(of)) return refuse(`its ${what} are no columns`);
		for (const [column, values] of Object.entries(of))
			if (
				!isList(values) ||
				values.length !== text.length ||
				!values.every(fits)
			)
				refuse(
					`the ${what} "${column.slice(0, 40)}" do not fit the ${text.length} sentences`,
				);
	};
	columns(labels, "labels", (v) => typeof v === "string");
	columns(offsets, "offsets", isPlace);
	if (split !== undefined)
		columns({ split }, "split", (v) =>
			["train", "validation", "test"].includes(v as string),
		);
	if (group !== undefined)
		columns({ group }, "group", (v) => typeof v === "string");
	if (token_ids !== undefined)
		columns({ token_ids }, "token ids", (v) => isList(v) && v.every(isPlace));
	return text.length;
}

const number = Number.isFinite as (v: unknown) => boolean;
const texts = (v: unknown) => typeof v === "string";

function checkLists(value: Fields, k: number, n: number, refuse: Refuse): void {
	const cluster = (v: unknown) => isPlace(v) && (v as number) < k;
	const sentence = (v: unknown) => isPlace(v) && (v as number) < n;
	const near = { cluster, sentence, distance: number };
	const [score, inside, outside, lift, p_value] = new Array(5).fill(number);
	const rates = { score, inside, outside, lift, p_value };
	const lists = {
		exemplars: near,
		farthest: near,
		marks: { cluster, latent: isPlace, ...rates },
		tokens: { cluster, token: texts, score: number },
	};
	for (const [name, fields] of Object.entries(lists))
		if (!isListOf(value[name], fields)) refuse(`its ${name} are not in order`);
	const { activating, exemplars } = value;
	const span = { start: isPlace, end: isPlace, strength: number };
	if (
		!isList(activating) ||
		activating.length !== (exemplars as unknown[]).length ||
		!activating.every((spans) => isListOf(spans, span))
	)
		refuse("its activating spans are not in order");
}

function isListOf(
	value: unknown,
	fields: Record<string, (v: unknown) => boolean>,
): boolean {
	return (
		isList(value) &&
		value.every(
			(row) =>
				isFields(row) &&
				Object.entries(fields).every(([name, fits]) => fits(row[name])),
		)
	);
}

function isPlace(value: unknown): boolean {
	return (
		Number.isSafeInteger(value) &&
		(value as number) >= 0 &&
		(value as number) < 2 ** 32
	);
}

function isList(value: unknown): value is unknown[] {
	return Array.isArray(value);
}

function isFields(value: unknown): value is Fields {
	return typeof value === "object" && value !== null && !isList(value);
}

function told(value: unknown): string {
	return (JSON.stringify(value) ?? "missing").slice(0, 40);
}
