import assert from "node:assert/strict";
import { test } from "node:test";
import type { Notebook } from "../../jupyter/normalise";
import { entryOf, indexPage, notebookPage } from "../../jupyter/page";

const notebook = (source: string): Notebook => ({
	cells: [
		{ cell_type: "code", metadata: {}, source: "1" },
		{ cell_type: "markdown", metadata: {}, source },
	],
	metadata: {},
	nbformat: 4,
	nbformat_minor: 5,
});

test("an entry is the first heading and the sentences after it, without marks and lists", () => {
	const text =
		"# A *short* title\n\nThe **first** one. The second: `k` is 3.5 here! After it you can\n1. read\n\nAnother.";
	assert.deepEqual(entryOf("04 more", notebook(text)), {
		href: "04%20more.html",
		title: "A short title",
		summary: "The first one. The second: k is 3.5 here!",
	});
});

test("of long texts only whole sentences are taken, and a sentence without an end is cut", () => {
	const long = `${"word ".repeat(40)}end. ${"more ".repeat(40)}end.`;
	const { summary } = entryOf("x", notebook(`# T\n${long}`));
	assert.equal(summary, `${"word ".repeat(40)}end.`);
	const endless = entryOf("x", notebook(`# T\n\n${"word ".repeat(1000)}`));
	assert.equal(endless.summary.length, 400);
});

test("a notebook without a heading or without text is listed by its name", () => {
	const empty = { ...notebook(""), cells: [] };
	assert.deepEqual(entryOf("05_new", empty), {
		href: "05_new.html",
		title: "05_new",
		summary: "",
	});
});

test("the index shows hostile titles as the text that they are", () => {
	const page = indexPage([
		{ href: '"><script>', title: "<img onerror=x>", summary: "a & </li>" },
	]);
	assert.match(
		page,
		/<li><a href="&quot;&gt;&lt;script&gt;">&lt;img onerror=x&gt;<\/a><p>a &amp; &lt;\/li&gt;<\/p><\/li>/,
	);
	assert.doesNotMatch(page, /https?:/);
});

test("in a notebook's page links to notebooks that have pages lead there, and others stay", () => {
	const page = notebookPage(
		'<head></head><a href="02%20b.ipynb#x">b</a> <a href="./01_a.ipynb">a</a> <a href="else.ipynb">e</a> <a href="https://a.org/01_a.ipynb">o</a>',
		["01_a", "02 b"],
	);
	assert.match(
		page,
		/<a href="02%20b\.html#x">b<\/a> <a href="\.\/01_a\.html">/,
	);
	assert.match(
		page,
		/<a href="else\.ipynb">.*<a href="https:\/\/a\.org\/01_a\.ipynb">/,
	);
	assert.match(page, /prefers-color-scheme: dark[\s\S]*<\/style>\n<\/head>/);
});
