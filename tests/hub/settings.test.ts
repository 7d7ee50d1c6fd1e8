import assert from "node:assert/strict";
import { homedir } from "node:os";
import { join } from "node:path";
import { beforeEach, test } from "node:test";
import { fileUrl, openRepository } from "../../src/hub/repository";
import { readSettings } from "../../src/hub/settings";
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
