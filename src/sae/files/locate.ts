import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { fromHub, type HubFiles, isHubId, near, quoted } from "../../hub";
import {
	type ConfigOverrides,
	isRelease,
	nearReleases,
	pretrainedSae,
} from "./pretrained";
import { CONFIG, SCALER, SPARSITY, WEIGHTS } from "./save";
import { TRAINED_ON } from "./trained-on";

/** The weights as sparsify names them. */
export const SPARSIFY = "sae.safetensors";

/** Which version of a published SAE, and how it may be fetched. */
export interface LoadSaeOptions {
	/** A branch, a tag or a commit of a hub repository; default: "main". */
	revision?: string;
	/** Only what is in the Hugging Face cache; default: as HF_HUB_OFFLINE says. */
	offline?: boolean;
	/** Ends a download; what came so far is kept. Default: the notebook's interrupt. */
	signal?: AbortSignal;
	/** What the SAE's own config does not say, or says wrongly. */
	config_overrides?: ConfigOverrides;
}

/** The files of an SAE on this machine. */
export interface SaeFiles {
	config: string;
	/** Named `sae_weights.safetensors`, or as sparsify names it. */
	weights: string;
	sparsity?: string | undefined;
	scaler?: string | undefined;
	trained_on?: string | undefined;
}

export interface LocatedSae extends SaeFiles {
	/** What a sentence calls it. */
	where: string;
	/** The folder's name. */
	folder: string;
	config_overrides: ConfigOverrides;
}

/** Finds the files of an SAE: of a release by its id, of a folder, or of a repository of the hub, fetched where need be. */
export async function locateSae(
	from: string,
	id: string | undefined,
	options: LoadSaeOptions,
): Promise<LocatedSae> {
	const isFolder = !from.includes("\0") && existsSync(from);
	if (isRelease(from) && !(isFolder && id === undefined)) {
		const { repo, path, config_overrides } = pretrainedSae(from, id);
		return fetchSae(repo, path, options, config_overrides);
	}
	if (isFolder) return localSae(from, id, options);
	if (from.includes("/") && isHubId(from))
		return fetchSae(from, id?.replace(/\/+$/, "") ?? "", options, {});
	throw new Error(
		`${quoted(from)} is neither a folder with a saved SAE, nor a repository "owner/name" of the hub, nor a release of SAEs${nearReleases(from)}.`,
	);
}

function localSae(
	root: string,
	id: string | undefined,
	{ revision, config_overrides = {} }: LoadSaeOptions,
): LocatedSae {
	if (revision !== undefined)
		throw new Error(
			`${quoted(root)} is a folder, which has no revision ${quoted(revision)}; only SAEs of the hub have.`,
		);
	if (
		id !== undefined &&
		(/^[/\\]|\0/.test(id) || id.split(/[/\\]/).includes(".."))
	)
		throw new Error(
			`${quoted(id)} is not the name of a folder inside ${quoted(root)}: give a relative path without "..".`,
		);
	const folder = id === undefined ? root : join(root, id);
	if (existsSync(folder) && !statSync(folder).isDirectory())
		throw new Error(
			`${quoted(folder)} is a file, where a folder with ${CONFIG} and ${WEIGHTS} is needed.`,
		);
	const find = (name: string) => {
		const path = join(folder, name);
		return existsSync(path) && statSync(path).isFile() ? path : undefined;
	};
	const config = find(CONFIG);
	const weights = find(WEIGHTS) ?? find(SPARSIFY);
	if (!config || !weights)
		throw new Error(
			`The folder ${folder} has no ${config ? WEIGHTS : CONFIG}: a saved SAE is a folder with ${CONFIG} and ${WEIGHTS} (or sparsify's ${SPARSIFY}).`,
		);
	return {
		config,
		weights,
		sparsity: find(SPARSITY),
		scaler: find(SCALER),
		trained_on: find(TRAINED_ON),
		where: folder,
		folder,
		config_overrides,
	};
}

/** The files at a path of a repository; nothing else of it is fetched. */
async function fetchSae(
	repo: string,
	path: string,
	{ config_overrides, ...how }: LoadSaeOptions,
	known: ConfigOverrides,
): Promise<LocatedSae> {
	const { revision, ...options } = how;
	const name = {
		kind: "model" as const,
		id: repo,
		...(revision !== undefined && { revision }),
	};
	const { value } = await fromHub(name, options, (files) =>
		collect(files, repo, path),
	);
	return {
		...value,
		where: sayWhere(repo, path),
		folder: path || repo,
		config_overrides: { ...known, ...config_overrides },
	};
}

async function collect(
	files: HubFiles,
	repo: string,
	path: string,
): Promise<SaeFiles> {
	const at = (name: string) => (path ? `${path}/${name}` : name);
	const config = await files.first([at(CONFIG)]);
	const weights = config && (await files.first([at(WEIGHTS), at(SPARSIFY)]));
	if (!config || !weights) throw await nothingThere(files, repo, path);
	return {
		config,
		weights,
		sparsity: await files.wish(at(SPARSITY)),
		scaler: await files.wish(at(SCALER)),
		trained_on: await files.wish(at(TRAINED_ON)),
	};
}

/** Says what the repository has instead, as far as its files can be listed. */
async function nothingThere(
	files: HubFiles,
	repo: string,
	path: string,
): Promise<Error> {
	const names = await files.list().catch(() => [] as string[]);
	const folderOf = (name: string) =>
		name.slice(0, Math.max(0, name.lastIndexOf("/")));
	const folders = names
		.filter((name) => name === CONFIG || name.endsWith(`/${CONFIG}`))
		.map(folderOf);
	const here = names.filter((n) => n === path || folderOf(n) === path);
	const pickle = here.find((name) => /\.(pt|pth|bin|ckpt|pkl)$/.test(name));
	if (pickle && !folders.includes(path) && (path || folders.length === 0))
		return new Error(
			`The SAE ${sayWhere(repo, path)} is a pickle (${quoted(pickle)}), which can run code and is not read: give an SAE with ${CONFIG} and ${WEIGHTS}.`,
		);
	return new Error(
		`There is no SAE at ${sayWhere(repo, path)}, a folder with ${CONFIG} and ${WEIGHTS} (or sparsify's ${SPARSIFY})${near(path, folders)}.`,
	);
}

function sayWhere(repo: string, path: string): string {
	return path ? `${quoted(path)} of ${quoted(repo)}` : quoted(repo);
}
