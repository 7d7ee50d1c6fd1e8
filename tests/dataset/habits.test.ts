import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { loadSentences } from "../../src/dataset";
import { temporaryFolder } from "../tiny";
import { habits } from "./habits";

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
