import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { patience } from "./retry";

/** Where the hub and its cache are, as the environment says at this moment. */
export interface HubSettings {
	/** Without a slash at its end. */
	endpoint: URL;
	cache: string;
	token?: string;
	/** The variable or the file that the token is from; where it was told to stay, the variable that says so. */
	token_from?: string;
	offline: boolean;
}

/**
 * Reads the environment as Python's huggingface_hub does: HF_ENDPOINT (default https://huggingface.co), HF_HUB_CACHE or
 * HUGGINGFACE_HUB_CACHE, HF_HOME, XDG_CACHE_HOME, with ~ and $VARIABLES in paths; HF_TOKEN or HUGGING_FACE_HUB_TOKEN, then
 * the file HF_TOKEN_PATH (default: token in HF_HOME), unless HF_HUB_DISABLE_IMPLICIT_TOKEN is set; HF_HUB_OFFLINE or
 * TRANSFORMERS_OFFLINE. `offline` true switches the network off as well. A variable that is empty counts as not set.
 */
export function readSettings(offline = false): HubSettings {
	const { env } = process;
	const home = expand(
		env.HF_HOME ||
			join(env.XDG_CACHE_HOME || join(homedir(), ".cache"), "huggingface"),
	);
	return {
		endpoint: readEndpoint(),
		cache: expand(
			env.HF_HUB_CACHE || env.HUGGINGFACE_HUB_CACHE || join(home, "hub"),
		),
		...readToken(home),
		offline: offline || isTrue(env.HF_HUB_OFFLINE || env.TRANSFORMERS_OFFLINE),
	};
}

/**
 * After how long without a byte a connection is given up, in milliseconds: HF_HUB_ETAG_TIMEOUT for questions about a file,
 * HF_HUB_DOWNLOAD_TIMEOUT for all others, in whole seconds.
 */
export function stallOf(method: "GET" | "HEAD" | "CONNECT"): number {
	const name =
		method === "HEAD" ? "HF_HUB_ETAG_TIMEOUT" : "HF_HUB_DOWNLOAD_TIMEOUT";
	const given = process.env[name];
	if (!given) return patience.stall_ms;
	if (!/^\s*\+?\d{1,6}\s*$/.test(given))
		throw new Error(
			`${name} is ${JSON.stringify(given)}, where a whole number of seconds was expected.`,
		);
	return 1000 * Number(given) || patience.stall_ms;
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

function readToken(home: string): Pick<HubSettings, "token" | "token_from"> {
	const { env } = process;
	const stays = "HF_HUB_DISABLE_IMPLICIT_TOKEN";
	if (isTrue(env[stays])) return { token_from: stays };
	const variable = env.HF_TOKEN ? "HF_TOKEN" : "HUGGING_FACE_HUB_TOKEN";
	const file = expand(env.HF_TOKEN_PATH || join(home, "token"));
	const given = env[variable]?.trim();
	const token = given || readIfThere(file)?.trim();
	if (!token) return {};
	const from = given ? variable : file;
	if (!/^[\x21-\x7e]{1,1000}$/.test(token))
		throw new Error(
			`The token in ${from} is not one line of printable characters; copy it anew from the hub's settings.`,
		);
	return { token, token_from: from };
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

/** ~, ~user, $NAME and ${NAME}; what is not known stays as it is. */
function expand(path: string): string {
	return path
		.replace(
			/^~([^/\\]*)/,
			(whole, user) => (user ? homeOf(user) : homedir()) ?? whole,
		)
		.replace(
			/\$(?:(\w+)|\{([^}]*)\})/g,
			(whole, plain, braced) => process.env[plain ?? braced] ?? whole,
		);
}

function homeOf(user: string): string | undefined {
	const users = readIfThere("/etc/passwd")?.split("\n") ?? [];
	return users
		.map((line) => line.split(":"))
		.find(([name]) => name === user)?.[5];
}
