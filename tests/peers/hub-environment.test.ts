import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { after, test } from "node:test";
import { readSettings } from "../../src/hub/settings";
import { useHub } from "../hub/server";
import { temporaryFolder } from "../tiny";
import { ask, saeLens } from "./python";

const { folder, remove } = temporaryFolder();
after(remove);

const home = join(folder, "home");
const other = join(folder, "other");
for (const place of [home, other]) mkdirSync(place);
writeFileSync(join(home, "token"), " hf_home\r\n");
writeFileSync(join(folder, "mine"), "hf_mine");
writeFileSync(join(folder, "blank"), " \n");

/** Environments, each read by both. */
const cases: Record<string, string>[] = [
	{},
	{ HF_HOME: home },
	{ HF_HOME: other },
	{ HF_HOME: "~/models" },
	{ HF_HOME: "~root/models" },
	{ HF_HOME: "~nobody-at-all/models" },
	{ HF_HOME: "$PLACE/models" },
	{ HF_HOME: "\x24{PLACE}/$UNKNOWN_PLACE/a" },
	{ HF_HOME: "relative/place/" },
	{ XDG_CACHE_HOME: other },
	{ XDG_CACHE_HOME: "~/xdg" },
	{ XDG_CACHE_HOME: other, HF_HOME: home },
	{ HF_HOME: home, HF_HUB_CACHE: "~/hub" },
	{ HF_HOME: home, HUGGINGFACE_HUB_CACHE: "$PLACE/old" },
	{ HF_HUB_CACHE: other, HUGGINGFACE_HUB_CACHE: home },
	{ HF_ENDPOINT: "https://mirror.example//" },
	{ HF_ENDPOINT: "http://mirror.example:8080/hf/" },
	...["1", "ON", "on", "Yes", "true", "TRUE", "0", "no", "y", " 1", "2"].map(
		(word) => ({ HF_HUB_OFFLINE: word }),
	),
	{ TRANSFORMERS_OFFLINE: "1" },
	{ HF_HUB_OFFLINE: "", TRANSFORMERS_OFFLINE: "yes" },
	{ HF_HUB_OFFLINE: "0", TRANSFORMERS_OFFLINE: "1" },
	{ HF_TOKEN: "hf_a" },
	{ HF_TOKEN: " hf_a\n" },
	{ HF_TOKEN: "hf_a", HUGGING_FACE_HUB_TOKEN: "hf_b" },
	{ HF_TOKEN: "", HUGGING_FACE_HUB_TOKEN: "hf_b" },
	{ HF_TOKEN: "  ", HUGGING_FACE_HUB_TOKEN: "hf_b", HF_HOME: home },
	{ HUGGING_FACE_HUB_TOKEN: "hf_b\r\n" },
	{ HF_TOKEN: "", HF_HOME: home },
	{ HF_TOKEN: "hf_a", HF_HOME: home },
	{ HF_TOKEN_PATH: join(folder, "mine"), HF_HOME: home },
	{ HF_TOKEN_PATH: "$PLACE/mine" },
	{ HF_TOKEN_PATH: join(folder, "blank"), HF_HOME: home },
	{ HF_TOKEN_PATH: join(folder, "none"), HF_HOME: home },
	...["1", "on", "YES", "true", "0", ""].flatMap(
		(word): Record<string, string>[] => [
			{ HF_TOKEN: "hf_a", HF_HUB_DISABLE_IMPLICIT_TOKEN: word },
			{ HF_HOME: home, HF_HUB_DISABLE_IMPLICIT_TOKEN: word },
		],
	),
];

const script = `
import os, importlib, huggingface_hub
from huggingface_hub import constants
from huggingface_hub.utils import _headers
def read(env):
    for name in list(os.environ):
        if name.startswith(("HF_", "HUGGING", "TRANSFORMERS_", "XDG_CACHE")):
            del os.environ[name]
    os.environ.update(env)
    importlib.reload(constants)
    return {
        "endpoint": constants.ENDPOINT,
        "cache": os.path.abspath(constants.HF_HUB_CACHE),
        "token": _headers.get_token_to_send(None),
        "offline": constants.HF_HUB_OFFLINE,
    }
result = {"version": huggingface_hub.__version__, "answers": [read(env) for env in cases]}
`;

test("the environment is read as Python's huggingface_hub reads it", {
	skip: saeLens.skip,
}, (t) => {
	const before = { ...process.env };
	process.env.PLACE = folder;
	interface Answer {
		endpoint: string;
		cache: string;
		token: string | null;
		offline: boolean;
	}
	const { version, answers } = ask<{ version: string; answers: Answer[] }>(
		saeLens,
		script,
		{ cases },
	);
	t.diagnostic(`huggingface_hub ${version}, ${homedir()}`);
	for (const [i, env] of cases.entries()) {
		useHub({ endpoint: "" }, "");
		Object.assign(process.env, env);
		const { endpoint, cache, token, offline } = readSettings();
		const ours = {
			endpoint: endpoint.href.replace(/\/$/, ""),
			cache: resolve(cache),
			token: token ?? null,
			offline,
		};
		assert.deepEqual(ours, answers[i], JSON.stringify(env));
	}
	for (const name of Object.keys(process.env)) delete process.env[name];
	Object.assign(process.env, before);
});
