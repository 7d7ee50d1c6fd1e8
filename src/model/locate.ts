import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { fromHub, HubError, type HubFiles, isHubId, quoted } from "../hub";
import { nearNames } from "../suggest";

/** Where the models that ship with the package are, from src/model and from dist/model alike. */
const bundled = resolve(__dirname, "../../data/models");

const WEIGHTS = "model.safetensors";
const INDEX = "model.safetensors.index.json";
const LARGEST_INDEX = 64 * 2 ** 20;
const MOST_SHARDS = 10_000;

/** Where a model is. */
export interface Located {
	folder: string;
	/** The commit, where it came from the hub. */
	revision?: string;
}

/** Which version of a model, and how it may be fetched. */
export interface LocateOptions {
	/** A branch, a tag or a commit of a hub repository; default: "main". */
	revision?: string;
	/** Only what is in the Hugging Face cache; default: as HF_HUB_OFFLINE says. */
	offline?: boolean;
	/** Ends a download; what came so far is kept. Default: the notebook's interrupt. */
	signal?: AbortSignal;
}

/**
 * The folder of a model: of a bundled one, of a path, or of a hub id such as "openai-community/gpt2". A hub id's config,
 * safetensors weights (with all shards) and tokenizer come from the local Hugging Face cache where they are there whole;
 * otherwise they are downloaded into it. Throws one sentence where they cannot be had.
 */
export async function locateModel(
	id: string,
	options: LocateOptions = {},
): Promise<Located> {
	const { revision, ...how } = options;
	const folder = localFolder(id);
	if (folder && revision !== undefined)
		throw new Error(
			`${quoted(id)} is ${id === folder ? "a folder" : "a model on this machine"}, which has no revision ${quoted(revision)}; only models of the hub have.`,
		);
	if (folder) return { folder };
	if (!isHubId(id))
		throw new Error(
			`There is no folder ${quoted(id)}: give a bundled name (tiny-gpt2), a folder with config.json and model.safetensors, or a hub id such as "openai-community/gpt2".`,
		);
	const name = { kind: "model" as const, id, ...(revision && { revision }) };
	try {
		const found = await fromHub(name, how, (files) => collect(files, id));
		return { folder: found.folder, revision: found.commit };
	} catch (error) {
		throw isUnknown(error) ? unknown(id, error as HubError) : error;
	}
}

function localFolder(id: string): string | undefined {
	if (/^\w[\w-]*$/.test(id) && existsSync(join(bundled, id)))
		return join(bundled, id);
	if (id.includes("\0") || !existsSync(id)) return undefined;
	if (statSync(id).isDirectory()) return resolve(id);
	throw new Error(
		`${quoted(id)} is a file, where a folder with config.json and model.safetensors is needed.`,
	);
}

/** Fetches the files that a model needs. */
async function collect(files: HubFiles, id: string): Promise<void> {
	await files.get("config.json");
	const weights = await files.first([WEIGHTS, INDEX]);
	if (!weights) throw await noWeights(files, id);
	if (weights.endsWith(INDEX))
		for (const shard of shardNames(weights, id)) await files.get(shard);
	await files.wish("tokenizer.json");
	await files.wish("tokenizer_config.json");
}

async function noWeights(files: HubFiles, id: string): Promise<Error> {
	const names = await files.list().catch(() => [] as string[]);
	const pickles = names.filter((name) => /\.(bin|pt|pth|ckpt)$/.test(name));
	return new Error(
		pickles.length
			? `The model "${id}" has its weights only as pickles (${quoted(pickles[0])}), which can run code and are not read: give a repository or revision with model.safetensors.`
			: `The model "${id}" has no model.safetensors, nor model.safetensors.index.json with its shards.`,
	);
}

/** The files that an index of shards names: hostile text until it was checked. */
function shardNames(file: string, id: string): string[] {
	const broken = (what: string) =>
		new Error(`The ${INDEX} of the model "${id}" ${what}.`);
	if (statSync(file).size > LARGEST_INDEX)
		throw broken(`is larger than ${LARGEST_INDEX} bytes`);
	let map: unknown;
	try {
		map = JSON.parse(readFileSync(file, "utf8")).weight_map;
	} catch {
		throw broken("is not valid JSON");
	}
	if (typeof map !== "object" || map === null || Array.isArray(map))
		throw broken('has no "weight_map" of tensor names to files');
	const names = [...new Set<unknown>(Object.values(map))];
	if (names.length === 0 || names.length > MOST_SHARDS)
		throw broken(`names ${names.length} files`);
	for (const name of names)
		if (typeof name !== "string" || !/^\w[\w.-]*\.safetensors$/.test(name))
			throw broken(
				`names the file ${quoted(String(name))}, where one such as "model-00001-of-00002.safetensors" beside it was expected`,
			);
	return (names as string[]).sort();
}

function isUnknown(error: unknown): boolean {
	return (
		error instanceof HubError &&
		["no repository", "not cached", "denied", "unreachable"].includes(
			error.reason,
		)
	);
}

/** Says also that the name is no bundled model and no folder, as a misspelt one of these looks like a hub id. */
function unknown(id: string, error: HubError): Error {
	if (id.includes("/") || error.message.includes("is gated")) return error;
	const names = existsSync(bundled)
		? readdirSync(bundled, { withFileTypes: true })
				.filter((entry) => entry.isDirectory())
				.map((entry) => entry.name)
		: [];
	const near = names.length
		? ` (bundled: ${nearNames(id, names).join(", ")})`
		: "";
	const why = error.message.replace(/^./, (letter) => letter.toLowerCase());
	return new HubError(
		error.reason,
		`"${id}" is neither a bundled model${near} nor a folder; as a hub id: ${why}`,
	);
}
