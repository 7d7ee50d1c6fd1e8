import { withoutPath, withoutPaths } from "../files";
import {
	openSafetensors,
	readTensor,
	readWholeNumbers,
	type SafetensorsFile,
	writeSafetensors,
} from "../formats/safetensors";
import { agreements, enrichment } from "./enrichment";
import { sizesOf } from "./largest-first";
import type { Clustering } from "./result";
import { checkRecord, type Saved } from "./saved";
import { unitsIn } from "./units";

/** Where the file's header holds all but the numbers, as JSON. */
const KEY = "sparselens_clustering";
/** Bytes of JSON: a header of the format holds 100 MB, quotation marks are written twice. */
const MOST = 45_000_000;

/**
 * Writes a clustering with its sentences (their files' names without folders) to one `.safetensors` file: numbers as tensors, the rest as JSON in its header.
 * Whole or not at all: an older file stays until the new one is there. Throws where it cannot be written, and where the
 * sentences are more than 45 MB.
 */
export function saveClustering(clustering: Clustering, file: string): void {
	const { k, assignment, centres, space, projection, sentences } = clustering;
	// These follow from the others.
	const { sizes, agreement, enrichment, unit, n_units, copies, ...rest } =
		clustering;
	const offsets = Object.fromEntries(
		Object.entries(sentences.offsets).map(([name, of]) => [name, [...of]]),
	);
	const { model_name } = rest;
	const json = JSON.stringify({
		...rest,
		...(model_name !== undefined && { model_name: withoutPath(model_name) }),
		...{ assignment: undefined, centres: undefined, space: undefined },
		projection: undefined,
		sentences: {
			...sentences,
			name: withoutPaths(sentences.name),
			offsets,
			token_ids: sentences.token_ids?.map((ids) => [...ids]),
		},
	});
	const bytes = Buffer.byteLength(json);
	if (bytes > MOST)
		throw new Error(
			`The clustering's sentences take ${bytes} bytes, and ${MOST} can be saved; cluster fewer sentences, or shorter ones.`,
		);
	const [d, n] = [centres.length / k, assignment.length];
	writeSafetensors(
		file,
		{
			centres: { shape: [k, d], data: centres },
			offset: { shape: [d], data: Float32Array.from(space.offset) },
			factor: { shape: [d], data: Float32Array.from(space.factor) },
			assignment: { shape: [n], data: assignment },
			projection: { shape: [n, 2], data: Float32Array.from(projection.flat()) },
		},
		{ [KEY]: json },
	);
}

/**
 * Reads what `saveClustering` wrote. `projection` comes back in 32 bits, all else as it was; agreement and enrichment are
 * computed anew from the labels. Everything is checked: a file that is missing, cut off, or not such a one is refused with
 * a sentence that says what is wrong.
 */
export function loadClustering(file: string): Clustering {
	const from = openSafetensors(file);
	const { record, tensors } = read(from);
	const { k, sentences } = record;
	const { assignment, projection } = tensors;
	const units = unitsIn(sentences, record.group);
	return {
		...record,
		...units.told,
		silhouette: record.silhouette ?? Number.NaN,
		assignment,
		centres: tensors.centres,
		space: {
			offset: Float64Array.from(tensors.offset),
			factor: Float64Array.from(tensors.factor),
		},
		sizes: sizesOf(assignment, k),
		agreement: agreements(assignment, sentences.labels, units),
		enrichment: enrichment(assignment, sentences.labels, units, k),
		projection: Array.from({ length: assignment.length }, (_, i) => [
			projection[2 * i],
			projection[2 * i + 1],
		]),
	};
}

function read(from: SafetensorsFile) {
	const refuse = (what: string): never => {
		throw new Error(
			`The file ${from.file} holds no clustering that can be used: ${what}. Give a file that saveClustering wrote.`,
		);
	};
	const json = Object.hasOwn(from.metadata, KEY) ? from.metadata[KEY] : "";
	if (!json) refuse(`its header has no "${KEY}"`);
	let value: unknown;
	try {
		value = JSON.parse(json);
	} catch {
		refuse("its record is not valid JSON");
	}
	const record: Saved = checkRecord(value, refuse);
	const n = record.sentences.text.length;
	const d = from.tensors.get("offset")?.shape[0] ?? 0;
	const shapes = {
		...{ centres: [record.k, d], offset: [d], factor: [d] },
		...{ assignment: [n], projection: [n, 2] },
	};
	for (const [name, shape] of Object.entries(shapes)) {
		const own = from.tensors.get(name)?.shape;
		if (String(own) !== String(shape))
			refuse(
				`the tensor "${name}" has the shape [${own ?? ""}], where [${shape}] was expected`,
			);
	}
	const tensors = {
		centres: readTensor(from, "centres"),
		offset: readTensor(from, "offset"),
		factor: readTensor(from, "factor"),
		projection: readTensor(from, "projection"),
		assignment: readWholeNumbers(from, "assignment"),
	};
	for (const [name, numbers] of Object.entries(tensors))
		if (!numbers.every(Number.isFinite))
			refuse(`the tensor "${name}" has numbers that are not finite`);
	if (tensors.assignment.some((c) => c >= record.k))
		refuse(`a sentence is in a cluster that is not below ${record.k}`);
	return { record, tensors };
}
