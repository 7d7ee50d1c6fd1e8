import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { nearNames } from "../suggest";

/** Where the models that ship with the package are, from src/model and from dist/model alike. */
const bundled = resolve(__dirname, "../../data/models");

/** Where a model is. */
export interface Located {
	folder: string;
	revision?: string;
}

/**
 * The folder of a bundled model, of a path, or of a hub id in the local Hugging Face cache
 * (HF_HUB_CACHE, or HF_HOME/hub, or ~/.cache/huggingface/hub).
 */
export function locateModel(id: string): Located {
	if (existsSync(join(bundled, id)) && !/[\\/.]/.test(id) && id !== "")
		return { folder: join(bundled, id) };
	if (existsSync(id)) {
		if (statSync(id).isDirectory()) return { folder: resolve(id) };
		throw new Error(
			`"${id}" is a file, where a folder with config.json and model.safetensors is needed.`,
		);
	}
	if (/^[\w.-]+(\/[\w.-]+)?$/.test(id) && !id.startsWith("."))
		return cachedModel(id);
	throw new Error(
		`There is no folder "${id}": give a bundled name (tiny-gpt2), a folder with config.json and model.safetensors, or a hub id such as "openai-community/gpt2".`,
	);
}

function cachedModel(id: string): Located {
	const cache = hubCache();
	const model = join(cache, `models--${id.replaceAll("/", "--")}`);
	const ref = join(model, "refs", "main");
	const snapshots = join(model, "snapshots");
	if (existsSync(ref)) {
		const revision = readFileSync(ref, "utf8").trim();
		const folder = join(snapshots, revision);
		if (existsSync(folder)) return { folder, revision };
	}
	if (existsSync(snapshots)) {
		const [revision] = readdirSync(snapshots).sort();
		if (revision) return { folder: join(snapshots, revision), revision };
	}
	const names = existsSync(bundled)
		? readdirSync(bundled, { withFileTypes: true })
				.filter((entry) => entry.isDirectory())
				.map((entry) => entry.name)
		: [];
	const near = names.length
		? ` (bundled: ${nearNames(id, names).join(", ")})`
		: "";
	throw new Error(
		`"${id}" is neither a bundled model${near} nor a folder nor in the Hugging Face cache: put config.json, model.safetensors and tokenizer.json from its page on the hub into a folder and give that folder.`,
	);
}

function hubCache(): string {
	const { HF_HUB_CACHE, HF_HOME, XDG_CACHE_HOME } = process.env;
	if (HF_HUB_CACHE) return HF_HUB_CACHE;
	const home =
		HF_HOME ?? join(XDG_CACHE_HOME ?? join(homedir(), ".cache"), "huggingface");
	return join(home, "hub");
}
