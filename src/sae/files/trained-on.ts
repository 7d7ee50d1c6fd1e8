import { readFileSync, statSync } from "node:fs";
import type { SplitRecord } from "../../dataset";
import type { TrainedOn } from "../types";

/** Beside the files of SAELens, which leaves it alone. */
export const TRAINED_ON = "trained_on.json";
const FORMAT = 1;
const LARGEST = 2 ** 28;
const PARTS = ["train", "validation", "test"];

/** What the file holds. */
export function trainedOnJson({ split, texts }: TrainedOn): string {
	const { buffer, byteOffset, byteLength } = texts;
	const bytes = Buffer.from(buffer, byteOffset, byteLength);
	const content = { format: FORMAT, split, texts: bytes.toString("base64") };
	return `${JSON.stringify(content)}\n`;
}

/** Reads it; undefined where there is none, or none that says what it should: then it is not known what was trained on. */
export function readTrainedOn(file: string): TrainedOn | undefined {
	try {
		if (statSync(file).size > LARGEST) return undefined;
		const { format, split, texts } = JSON.parse(readFileSync(file, "utf8"));
		if (format !== FORMAT || !isSplit(split) || typeof texts !== "string")
			return undefined;
		const bytes = new Uint8Array(Buffer.from(texts, "base64")); // a copy of its own, which begins where it should
		return { split, texts: new Float64Array(bytes.buffer) };
	} catch {
		return undefined;
	}
}

function isObject(value: unknown): value is Record<string, unknown> {
	return typeof value === "object" && value !== null;
}

function isSplit(value: unknown): value is SplitRecord {
	if (!isObject(value)) return false;
	const { given, made, seed, by, group, sentences, units, lacking } = value;
	const areCounts = (of: unknown) =>
		isObject(of) && PARTS.every((part) => Number.isSafeInteger(of[part]));
	return (
		typeof given === "boolean" &&
		typeof made === "boolean" &&
		Number.isSafeInteger(seed) === made &&
		["text", "text and group"].includes(by as string) &&
		(group === undefined || typeof group === "string") &&
		(lacking === undefined ||
			(Array.isArray(lacking) && lacking.every((p) => PARTS.includes(p)))) &&
		Number.isSafeInteger(value.test_in_training) &&
		areCounts(sentences) &&
		areCounts(units)
	);
}
