import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { loadSentences } from "../../src/dataset";
import { classesOf } from "../../src/dataset/labels";
import { temporaryFolder } from "../tiny";
import { type Habit, habits } from "./habits";
import { peers } from "./habits-peers";

const { folder, remove } = temporaryFolder();
after(remove);

for (const [i, habit] of habits.entries())
	test(`${habit.name}: what the file says is read`, async () => {
		const path = join(folder, `${i}.${habit.end}`);
		writeFileSync(path, habit.bytes);
		const read = await loadSentences(path, habit.options);
		const { text, labels, split, group, offsets, notes = [] } = read;
		assert.deepEqual(text, habit.text);
		assert.deepEqual(labels, habit.labels ?? {});
		assert.deepEqual(split, habit.split);
		assert.deepEqual(group, habit.group);
		const places = Object.entries(offsets).map(([name, own]) => [
			name,
			[...own],
		]);
		assert.deepEqual(Object.fromEntries(places), habit.offsets ?? {});
		for (const expected of habit.notes ?? [])
			assert.ok(
				notes.some((note) => expected.test(note)),
				`${expected}: ${notes}`,
			);
	});

test("the table of habits has at least 60 files", () => {
	assert.ok(habits.length >= 60, `${habits.length}`);
	assert.equal(new Set(habits.map(({ name }) => name)).size, habits.length);
});

const { versions, files } = peers();
const known = habits.filter(({ peers }) => peers);

/** What a reader of Python makes of a file, its labels written in one way as ours are. */
function asRead(
	{ options, labels = {} }: Habit,
	columns: Record<string, string[]>,
) {
	const text = columns[String(options?.text_column ?? "text")] ?? [];
	const own = Object.keys(labels).map((name) => {
		const values = columns[name] ?? columns[` ${name}`] ?? [];
		return [name, classesOf(name, values, false).values];
	});
	return { text, labels: Object.fromEntries(own) };
}

for (const reader of ["csv", "pandas", "pyarrow"] as const)
	test(`${reader} (${versions[reader]}) reads the same texts and labels`, () => {
		let same = 0;
		for (const habit of known) {
			const columns = files[habit.name]?.[reader];
			if (!columns) continue;
			const { name, text, labels = {}, unlike } = habit;
			const read = asRead(habit, columns);
			if (unlike?.[reader] === undefined) {
				assert.deepEqual(read, { text, labels }, name);
				same++;
			} else assert.notDeepEqual(read, { text, labels }, name);
		}
		assert.ok(same > 45, `${same} files compared`);
	});
