import assert from "node:assert/strict";
import { test } from "node:test";
import {
	type Notebook,
	type NotebookCell,
	normalise,
	type Output,
	textOf,
} from "../../jupyter/normalise";
import { type ResultRecord, recordHtml } from "../../src/notebook/records";
import * as sample from "../charts/samples";

const vega_lite = "application/vnd.vegalite.v5+json";

/** A notebook of one code cell with outputs. */
function notebook(
	outputs: Output[],
	more: Partial<NotebookCell> = {},
): Notebook {
	return {
		cells: [
			{
				cell_type: "code",
				id: "a1",
				metadata: {},
				source: "1 + 1",
				execution_count: 7,
				outputs,
				...more,
			},
		],
		metadata: {},
		nbformat: 4,
		nbformat_minor: 5,
	};
}

/** The outputs that are kept of those of a run. */
function kept(outputs: Output[]): Output[] {
	const text = normalise(notebook([]), notebook(outputs));
	return (JSON.parse(text) as Notebook).cells[0].outputs as Output[];
}

const stream = (name: string, text: string): Output => ({
	output_type: "stream",
	name,
	text,
});

const shown = (data: object, metadata = {}): Output => ({
	output_type: "display_data",
	data: { ...data },
	metadata,
});

/** A record's display, before and after. */
function withoutTimes(record: ResultRecord) {
	const { html, text } = recordHtml(record);
	const [{ data }] = kept([shown({ "text/html": html, "text/plain": text })]);
	const after = (mime: string) => textOf(data?.[mime] as string[]);
	return {
		before: { html, text },
		html: after("text/html"),
		text: after("text/plain"),
	};
}

test("counts go from 1 on, over the cells that hold something, and a result has its cell's", () => {
	const result: Output = {
		output_type: "execute_result",
		execution_count: 9,
		data: { "text/plain": "2" },
		metadata: {},
	};
	const one = notebook([result]);
	const cells = [
		{ ...one.cells[0], source: " \n", outputs: [] },
		{ cell_type: "markdown", id: "m", metadata: {}, source: "# Title" },
		{ ...one.cells[0], id: "a2" },
		{ ...one.cells[0], id: "a3" },
	];
	const made = { ...one, cells };
	const after = JSON.parse(normalise(made, made)) as Notebook;
	assert.deepEqual(
		after.cells.map(({ execution_count }) => execution_count),
		[null, undefined, 1, 2],
	);
	assert.deepEqual(
		after.cells.map(({ outputs }) => outputs?.[0]?.execution_count),
		[undefined, undefined, 1, 2],
	);
	assert.equal("outputs" in after.cells[1], false);
});

test("of a run only the outputs are taken; ids, sources and metadata stay, without times of execution", () => {
	const committed = notebook([stream("stdout", "old")], {
		metadata: { tags: ["exercise"], execution: { a: 1 }, trusted: true },
	});
	committed.metadata = { language_info: { version: "1" }, authors: ["x"] };
	const executed = notebook([stream("stdout", "new")], {
		id: "other",
		source: "changed",
		metadata: { execution: { "iopub.status.busy": "2026" } },
	});
	const after = JSON.parse(normalise(committed, executed)) as Notebook;
	assert.deepEqual(after.cells[0], {
		cell_type: "code",
		execution_count: 1,
		id: "a1",
		metadata: { tags: ["exercise"] },
		outputs: [{ name: "stdout", output_type: "stream", text: ["new"] }],
		source: ["1 + 1"],
	});
	assert.deepEqual(after.metadata, {
		authors: ["x"],
		kernelspec: {
			display_name: "TypeScript (SparseLens)",
			language: "typescript",
			name: "sparselens",
		},
		language_info: {
			file_extension: ".ts",
			mimetype: "text/x-typescript",
			name: "typescript",
		},
	});
});

test("a cell without an id gets a free one from its place", () => {
	const one = notebook([]);
	const [cell] = one.cells;
	const made = {
		...one,
		cells: [
			{ ...cell, id: "cell-01" },
			{ ...cell, id: undefined },
		],
	};
	const after = JSON.parse(normalise(made, made)) as Notebook;
	assert.deepEqual(
		after.cells.map(({ id }) => id),
		["cell-01", "cell-01b"],
	);
});

test("progress and what was drawn while something took long are left out, charts that were asked for stay", () => {
	const bar = shown(
		{ "text/plain": "train: 10 steps, 3 s" },
		{ sparselens: "progress" },
	);
	const curve = shown({
		[vega_lite]: { usermeta: { sparselens: "progress" } },
	});
	const chart = shown({ [vega_lite]: { mark: "bar" } });
	assert.deepEqual(kept([bar, curve, chart]), [chart]);
});

test("what was printed in a row is one output, also where progress stood between; streams stay apart", () => {
	const bar = shown({ "text/plain": "x" }, { sparselens: "progress" });
	const chart = shown({ "image/png": "AA==" });
	assert.deepEqual(
		kept([
			stream("stdout", "a\n"),
			bar,
			stream("stdout", "b\nc"),
			stream("stderr", "d"),
			stream("stdout", "e"),
			chart,
			stream("stdout", "f"),
		]).map(({ name, text }) => [name, text]),
		[
			["stdout", ["a\n", "b\n", "c"]],
			["stderr", ["d"]],
			["stdout", ["e"]],
			[undefined, undefined],
			["stdout", ["f"]],
		],
	);
});

test("fractions in a chart have five digits; whole numbers and texts stay", () => {
	const [{ data }] = kept([
		shown({
			[vega_lite]: {
				width: 123456789,
				data: {
					values: [{ x: 0.123456789, y: -1.2345678e-9, z: "0.123456789" }],
				},
			},
		}),
	]);
	assert.deepEqual(data?.[vega_lite], {
		width: 123456789,
		data: { values: [{ x: 0.12346, y: -1.2346e-9, z: "0.123456789" }] },
	});
});

test("printed numbers of more than seven decimals have five digits, also where the print was cut in two", () => {
	const [printed, shown_one] = kept([
		stream("stdout", "loss 0.12345"),
		stream("stdout", "6789, lr 0.0001234, -2.6836239817e-5\n"),
		shown({ "text/plain": "{ a: 0.9975389052671623, b: 1.2345678 }" }),
	]);
	assert.deepEqual(printed.text, [
		"loss 0.12346, lr 0.0001234, -0.000026836\n",
	]);
	assert.deepEqual(shown_one.data?.["text/plain"], [
		"{ a: 0.99754, b: 1.2345678 }",
	]);
});

test("a trained autoencoder, a training and an evaluation lose their times and nothing else", () => {
	const sae = {
		kind: "sae",
		cfg: {
			hook_name: "h",
			model_name: "m",
			architecture: "topk",
			d_in: 1,
			d_sae: 2,
		},
		history: sample.history,
		seconds: 12.3,
		stopped: "interrupted",
	} as unknown as ResultRecord;
	const one = withoutTimes(sae);
	assert.match(one.before.text, /^time \(s\) +12\.3$/m);
	assert.equal(one.text, one.before.text.replace(/time \(s\).*\n/, ""));
	assert.match(one.before.html, />time \(s\)<.*12\.3/);
	assert.doesNotMatch(one.html, /time \(s\)|12\.3/);
	assert.match(one.html, /interrupted<\/td><\/tr><\/tbody>/);

	const training = withoutTimes(sample.history);
	assert.match(training.before.text, / {2}time \(s\)$/m);
	const rows = (html: string) =>
		html.split("<tr>").map((r) => r.split(/<t[dh] /).length);
	assert.deepEqual(
		rows(training.html),
		rows(training.before.html).map((n) => (n > 1 ? n - 1 : n)),
	);
	const before = training.before.text.split("\n");
	const after = training.text.split("\n");
	assert.equal(after.length, before.length);
	assert.equal(after[0], before[0]);
	for (const [i, line] of after.slice(1).entries()) {
		assert.ok(before[i + 1].startsWith(line));
		assert.ok(line.length < before[i + 1].length);
	}
	assert.match(after[1], /dead latents$/);

	const evaluation = withoutTimes({
		...sample.evaluation,
		seconds: 4.5,
	} as unknown as ResultRecord);
	assert.match(evaluation.before.text, /^ +seconds +[\d.]+ +s$/m);
	assert.doesNotMatch(evaluation.text, /seconds/);
	assert.doesNotMatch(evaluation.html, /seconds/);
	assert.match(evaluation.html, />n_tokens</);
});

test("seconds in a printed object are left open, and sentences about time are not touched", () => {
	const text = "{ seconds: 12.25, name: 'x' }\ntime (s)\nin 5 seconds";
	const [{ data }] = kept([shown({ "text/plain": text })]);
	assert.equal(
		textOf(data?.["text/plain"] as string[]),
		"{ seconds: …, name: 'x' }\ntime (s)\nin 5 seconds",
	);
});

test("what is normalised stays as it is, in Jupyter's form: sorted, indented by one, a line break at the end", () => {
	const text = normalise(
		notebook([]),
		notebook([
			stream("stdout", "ä\n"),
			shown({ "text/plain": "", "image/png": "AA==" }),
		]),
	);
	const again = JSON.parse(text) as Notebook;
	assert.equal(normalise(again, again), text);
	assert.match(
		text,
		/^\{\n "cells": \[\n {2}\{\n {3}"cell_type": "code",\n {3}"execution_count": 1,\n/,
	);
	assert.match(text, /"text": \[\n {6}"ä\\n"\n {5}\]/);
	assert.match(text, /\n "nbformat": 4,\n "nbformat_minor": 5\n\}\n$/);
});
