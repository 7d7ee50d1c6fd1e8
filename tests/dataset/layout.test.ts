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
	"upper extension": "Python cannot tell the kind of .PARQUET; here it is read",
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

test("where Python is not followed, it is told what is read instead", () => {
	const found = (name: string, config = "default") => {
		const all = layouts as Record<string, Case>;
		const { splits, notes } = layoutOf(all[name]).filesOf(config);
		const files = Object.fromEntries(
			splits.map((one) => [one.split, one.files]),
		);
		return [files, notes];
	};
	const left = "is left out, as Python's datasets does it: the names of";
	const cases: Record<string, unknown[]> = {
		"dashes in a split": [
			{ "my-train": ["data/my-train-00000-of-00001.parquet"] },
			[],
		],
		"upper extension": [
			{ train: ["train.PARQUET"], test: ["test.parquet"] },
			[],
		],
		"two words of one split": [
			{ train: ["train_training.parquet"], test: ["test.parquet"] },
			[
				'The split "train" names files more than once; their rows are read once.',
			],
		],
		"mostly csv": [
			{},
			[
				'The split "train" is left out: most of its files are not Parquet.',
				'"train.csv", "train2.csv" are left out, as only Parquet files are read from the hub.',
			],
		],
		"csv split": [
			{ train: ["train.parquet"] },
			[
				'The split "test" is left out: its files are not Parquet.',
				'"test.csv" is left out, as only Parquet files are read from the hub.',
			],
		],
		"configs: a split without a file": [
			{ train: ["a.parquet"] },
			['README.md names a split "test", of which there are no files.'],
		],
		"two words": [
			{
				train: ["train_test.parquet"],
				validation: ["test_dev.parquet"],
				test: ["test_dev.parquet", "train_test.parquet"],
			},
			[
				'The file "test_dev.parquet" is in the splits "validation" and "test".',
				'The file "train_test.parquet" is in the splits "train" and "test".',
			],
		],
		"words and one without": [
			{ train: ["train.parquet"], test: ["test.parquet"] },
			[`"lexicon.parquet" ${left} files say the splits.`],
		],
	};
	for (const [name, expected] of Object.entries(cases))
		assert.deepEqual(found(name), expected, name);
	const [files] = found("configs: data_dir and data_files", "en");
	assert.deepEqual(files, { train: ["en/a.parquet"], test: ["en/b.parquet"] });
});
