import assert from "node:assert/strict";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Activations } from "../../src/activations";
import type { Sentences } from "../../src/dataset";
import { random } from "../../src/random";

/** Sentences of lower-case letters, some longer than the context of the small model, with a label and splits. */
export function madeSentences(n: number): Sentences {
	const draw = random(n);
	const splits = ["train", "train", "validation", "test"] as const;
	return {
		kind: "sentences",
		name: "made",
		text: Array.from({ length: n }, () =>
			Array.from({ length: 1 + draw.int(50) }, () =>
				String.fromCharCode(97 + draw.int(26)),
			).join(""),
		),
		labels: { kind: Array.from({ length: n }, (_, i) => `${i % 3}`) },
		offsets: {},
		split: Array.from({ length: n }, () => splits[draw.int(4)]),
	};
}

/** The files of a folder by name, as text that shows every byte; of a file, itself. */
export function filesOf(folder: string): Map<string, string> {
	const names = statSync(folder).isDirectory() ? readdirSync(folder) : ["."];
	return new Map(
		names
			.sort()
			.map((name) => [
				name,
				readFileSync(name === "." ? folder : join(folder, name), "latin1"),
			]),
	);
}

/** All values that `batches` gives. */
export async function gather(
	acts: Activations,
	options?: Parameters<Activations["batches"]>[0],
): Promise<Float32Array> {
	const parts: number[] = [];
	for await (const batch of acts.batches(options)) parts.push(...batch);
	return Float32Array.from(parts);
}

/** Asserts that numbers differ by no more than so much. */
export function near(
	a: Float32Array,
	b: Float32Array | undefined,
	within: number,
) {
	assert.equal(a.length, b?.length);
	for (const [i, v] of a.entries())
		assert.ok(Math.abs(v - (b?.[i] ?? Number.NaN)) <= within, `${v} at ${i}`);
}
