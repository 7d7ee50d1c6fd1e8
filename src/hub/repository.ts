import { join } from "node:path";
import { checkId, checkRevision, type RepositoryKind, spoken } from "./names";
import { type HubSettings, readSettings } from "./settings";

/** Which repository is meant, and at which revision. */
export interface RepositoryName {
	kind: RepositoryKind;
	id: string;
	/** A branch, a tag or a commit; default: "main". */
	revision?: string;
}

/** How the hub is used. */
export interface HubOptions {
	/** Only what is in the cache; default: as HF_HUB_OFFLINE says. */
	offline?: boolean;
	/** Ends downloads; what came so far is kept. */
	signal?: AbortSignal;
}

/** A repository with everything that is needed to ask for its files. */
export interface Repository {
	kind: RepositoryKind;
	id: string;
	revision: string;
	/** Its folder in the cache. */
	folder: string;
	settings: HubSettings;
	signal?: AbortSignal;
	/** In a sentence: `model "org/name"`. */
	spoken: string;
}

/** Checks the names, and reads the environment. */
export function openRepository(
	{ kind, id, revision = "main" }: RepositoryName,
	{ offline, signal }: HubOptions,
): Repository {
	checkId(kind, id);
	checkRevision(revision);
	const settings = readSettings(offline);
	const name = `${kind}s--${id.replaceAll("/", "--")}`;
	return {
		kind,
		id,
		revision,
		folder: join(settings.cache, name),
		settings,
		...(signal && { signal }),
		spoken: `${spoken(kind)} "${id}"`,
	};
}

/** The address of a file at a revision. */
export function fileUrl(
	{ kind, id, settings }: Repository,
	revision: string,
	name: string,
): URL {
	const prefix = kind === "dataset" ? "datasets/" : "";
	const path = name.split("/").map(encodeURIComponent).join("/");
	return below(
		settings,
		`${prefix}${id}/resolve/${encodeURIComponent(revision)}/${path}`,
	);
}

/** The address of a question about a repository, e.g. "tree/main". */
export function apiUrl(repository: Repository, question: string): URL {
	const { kind, id, settings } = repository;
	return below(settings, `api/${kind}s/${id}/${question}`);
}

/** The page where a person sees the repository. */
export function pageOf({ kind, id, settings }: Repository): string {
	return below(settings, kind === "dataset" ? `datasets/${id}` : id).href;
}

function below({ endpoint }: HubSettings, path: string): URL {
	const base = endpoint.pathname === "/" ? "" : endpoint.pathname;
	return new URL(`${base}/${path}`, endpoint);
}
