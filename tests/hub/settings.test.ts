import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { beforeEach, test } from "node:test";
import { fileUrl, openRepository } from "../../src/hub/repository";
import { patience } from "../../src/hub/retry";
import { readSettings, stallOf } from "../../src/hub/settings";
import { temporaryFolder } from "../tiny";
import { useHub } from "./server";

beforeEach(() => {
	useHub({ endpoint: "" }, "");
});

test("without settings, the hub is huggingface.co and the cache is in the home folder", () => {
	const { endpoint, cache, offline } = readSettings();
	assert.equal(endpoint.href, "https://huggingface.co/");
	assert.equal(cache, join(homedir(), ".cache", "huggingface", "hub"));
	assert.equal(offline, false);
});

test("the offline switch is read at each call, as Python reads it", () => {
	for (const value of ["1", "ON", "yes", "True"]) {
		process.env.HF_HUB_OFFLINE = value;
		assert.equal(readSettings().offline, true);
	}
	for (const value of ["", "0", "no"]) {
		process.env.HF_HUB_OFFLINE = value;
		assert.equal(readSettings().offline, false);
		assert.equal(readSettings(true).offline, true);
	}
});

test("a tilde in a path is the home folder", () => {
	process.env.HF_HUB_CACHE = "~/models";
	assert.equal(readSettings().cache, join(homedir(), "models"));
});

test("an endpoint below a path keeps it, and names are escaped in addresses", () => {
	process.env.HF_ENDPOINT = "https://mirror.example/api/hf/";
	const url = (kind: "model" | "dataset") =>
		fileUrl(
			openRepository({ kind, id: "org/name" }, {}),
			"refs/pr/1",
			"a b/#?.txt",
		);
	const rest = "org/name/resolve/refs%2Fpr%2F1/a%20b/%23%3F.txt";
	assert.equal(url("model").href, `https://mirror.example/api/hf/${rest}`);
	assert.equal(
		url("dataset").href,
		`https://mirror.example/api/hf/datasets/${rest}`,
	);
});

test("the token is the first that is there, and says where it is from; one that was told to stay is not even read", () => {
	const { folder, remove } = temporaryFolder();
	const home = join(folder, "home");
	mkdirSync(home);
	process.env.HF_HOME = home;
	const read = () => {
		const { token, token_from } = readSettings();
		return [token, token_from];
	};
	assert.deepEqual(read(), [undefined, undefined]);
	writeFileSync(join(home, "token"), " hf_file\n");
	assert.deepEqual(read(), ["hf_file", join(home, "token")]);
	process.env.HUGGING_FACE_HUB_TOKEN = "hf_old\r\n";
	process.env.HF_TOKEN = "";
	assert.deepEqual(read(), ["hf_old", "HUGGING_FACE_HUB_TOKEN"]);
	process.env.HF_TOKEN = "  "; // stands before the older variable, and is nothing
	assert.deepEqual(read(), ["hf_file", join(home, "token")]);
	process.env.HF_TOKEN = "hf_new";
	assert.deepEqual(read(), ["hf_new", "HF_TOKEN"]);
	process.env.HF_TOKEN = "hf \0";
	process.env.HF_HUB_DISABLE_IMPLICIT_TOKEN = "YES";
	assert.deepEqual(read(), [undefined, "HF_HUB_DISABLE_IMPLICIT_TOKEN"]);
	remove();
});

test("a timeout is a whole number of seconds, of questions and of downloads", () => {
	assert.equal(stallOf("GET"), patience.stall_ms);
	process.env.HF_HUB_ETAG_TIMEOUT = "3";
	process.env.HF_HUB_DOWNLOAD_TIMEOUT = "0"; // the default
	assert.equal(stallOf("HEAD"), 3000);
	assert.equal(stallOf("GET"), patience.stall_ms);
	process.env.HF_HUB_DOWNLOAD_TIMEOUT = "1.5";
	assert.throws(
		() => stallOf("GET"),
		/^Error: HF_HUB_DOWNLOAD_TIMEOUT is "1\.5", where a whole number of seconds was expected\.$/,
	);
});
