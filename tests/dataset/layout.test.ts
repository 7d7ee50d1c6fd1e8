import assert from "node:assert/strict";
import { test } from "node:test";
import { readCard } from "../../src/dataset/card";
import { type Layout, ownLayout } from "../../src/dataset/layout";
import { layouts } from "./python/layouts.json";

/** A layout, and what Python's `datasets` made of it (python/layouts.py): by configuration and split, the files. */
interface Case {
	files: string[];
	readme?: string;
	default?: string | null;
	configs?: Record<string, Record<string, string[]> | string>;
	error?: string;
}

/** What Python does otherwise, and why it is not followed. */
const otherwise: Record<string, string> = {
	"dashes in a split": "Python refuses the name; here it can be asked for",
	"upper extension":
		"Python cannot tell the kind of .PARQUET; here it is left out",
	"two words of one split": "Python reads the rows of the file twice",
	"configs: a file twice": "Python reads the rows of the file twice",
	"mostly csv": "Python reads the CSV files, which are not read from the hub",
	"only csv": "Python reads the CSV files, which are not read from the hub",
	"csv split": "Python refuses; here the CSV file is left out",
	"configs: data_dir and data_files": "Python looks outside data_dir and fails",
	"configs: a split without a file": "Python refuses; here it is told",
	"configs: csv and parquet": "Python reads CSV as Parquet and fails",
	"configs: a dash in a split":
		"Python refuses the name; here it can be asked for",
	"dataset_info alone": "Python's name for the default is that of the features",
	"configs: two defaults": "Python refuses; here one must be given",
};

const cases = Object.entries(layouts as Record<string, Case>);
const layoutOf = ({ files, readme }: Case): Layout => {
	const header =
		readme === undefined ? "" : `---\n${readme}---\n\n# A data set\n`;
	return ownLayout("org/x", files, readCard("org/x", header).configs);
};
const splitsOf = (layout: Layout, config: string) =>
	Object.fromEntries(
		layout.filesOf(config).splits.map(({ split, files }) => [split, files]),
	);

test("configurations and splits are those of Python's datasets", () => {
	assert.ok(cases.length >= 90);
	for (const [name, one] of cases) {
		if (name in otherwise) continue;
		if (one.error) {
			assert.throws(
				() => splitsOf(layoutOf(one), "default"),
				/README\.md/,
				name,
			);
			continue;
		}
		const layout = layoutOf(one);
		assert.equal(layout.default_config ?? null, one.default, name);
		assert.deepEqual(layout.configs, Object.keys(one.configs ?? {}), name);
		for (const [config, splits] of Object.entries(one.configs ?? {}))
			assert.deepEqual(splitsOf(layout, config), splits, name);
	}
	assert.deepEqual(
		Object.keys(otherwise).filter((name) => !(name in layouts)),
		[],
	);
});
