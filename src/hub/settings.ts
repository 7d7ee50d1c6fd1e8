import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/** Where the hub and its cache are, as the environment says at this moment. */
export interface HubSettings {
	/** Without a slash at its end. */
	endpoint: URL;
	cache: string;
	token?: string;
	offline: boolean;
}

/**
 * Reads the environment as Python's huggingface_hub does: HF_ENDPOINT (default https://huggingface.co), HF_HUB_CACHE,
 * HF_HOME, XDG_CACHE_HOME, HF_TOKEN, HF_TOKEN_PATH, HF_HUB_OFFLINE. `offline` true switches the network off as well.
 */
export function readSettings(offline = false): HubSettings {
	const { env } = process;
	const home = env.HF_HOME
		? expand(env.HF_HOME)
		: join(env.XDG_CACHE_HOME || join(homedir(), ".cache"), "huggingface");
	const token = readToken(home);
	return {
		endpoint: readEndpoint(),
		cache: expand(
			env.HF_HUB_CACHE || env.HUGGINGFACE_HUB_CACHE || join(home, "hub"),
		),
		...(token && { token }),
		offline: offline || isTrue(env.HF_HUB_OFFLINE || env.TRANSFORMERS_OFFLINE),
	};
}

function readEndpoint(): URL {
	const given = process.env.HF_ENDPOINT || "https://huggingface.co";
	const url = URL.canParse(given) ? new URL(given) : undefined;
	if (!url || !/^https?:$/.test(url.protocol) || url.search || url.hash)
		throw new Error(
			`HF_ENDPOINT is ${JSON.stringify(given)}, where an address such as "https://huggingface.co" was expected.`,
		);
	url.pathname = url.pathname.replace(/\/+$/, "");
	return url;
}

function readToken(home: string): string | undefined {
	const { HF_TOKEN, HUGGING_FACE_HUB_TOKEN, HF_TOKEN_PATH } = process.env;
	const given = (HF_TOKEN ?? HUGGING_FACE_HUB_TOKEN)?.trim();
	const file = HF_TOKEN_PATH ? expand(HF_TOKEN_PATH) : join(home, "token");
	const token = given || readIfThere(file)?.trim();
	if (token && !/^[\x21-\x7e]{1,1000}$/.test(token))
		throw new Error(
			`The token in ${given ? "HF_TOKEN" : file} is not one line of printable characters; copy it anew from the hub's settings.`,
		);
	return token || undefined;
}

function readIfThere(file: string): string | undefined {
	try {
		return readFileSync(file, "utf8");
	} catch {
		return undefined;
	}
}

function isTrue(value: string | undefined): boolean {
	return /^(1|on|yes|true)$/i.test(value ?? "");
}

function expand(path: string): string {
	return path.replace(/^~(?=$|[/\\])/, homedir());
}
