import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import {
	openSafetensors,
	readTensor,
	type SafetensorsFile,
} from "../../formats/safetensors";
import type { Parameter, TraineeShape } from "../engine/trainee";
import {
	type Checkpoint,
	dimensionsOf,
	FORMAT,
	hashOf,
	type Progress,
	STATE,
} from "./checkpoint";
import { type Course, difference } from "./course";

/**
 * Reads the checkpoint in a folder, or of a folder of many the last that is whole, for a training of this course.
 * Throws, in one sentence, where there is none, where it is damaged, and where it is of another course.
 */
export function readCheckpoint(
	folder: string,
	course: Course,
	shape: TraineeShape,
	parameters: readonly Parameter[],
): Checkpoint & { folder: string } {
	let first: unknown;
	for (const one of checkpointsIn(folder)) {
		const header = attempt(() => readHeader(one));
		const differs =
			"value" in header && difference(one, header.value.course, course);
		if (differs) throw new Error(differs); // an earlier one would differ as well
		const whole =
			"value" in header
				? attempt(() => readState(header.value, shape, parameters))
				: header;
		if ("value" in whole) return { folder: one, ...whole.value };
		first ??= whole.error;
	}
	throw (
		first ??
		new Error(
			`There is no checkpoint in ${folder}: give a folder that training wrote to as checkpoint_path, or leave resume_from_checkpoint out.`,
		)
	);
}

/** Throws where a folder holds checkpoints of another course: training would mix its own with them. */
export function checkFolder(path: string, course: Course): void {
	for (const one of checkpointsIn(path)) {
		const header = attempt(() => readHeader(one));
		if (!("value" in header)) continue; // damaged: it is replaced or left alone
		if (difference(one, header.value.course, course))
			throw new Error(
				`The folder ${path} holds checkpoints of another training: give another checkpoint_path, or delete it.`,
			);
	}
}

/** The folder itself where it is a checkpoint, otherwise those in it, the last one first. */
export function checkpointsIn(folder: string): string[] {
	if (existsSync(join(folder, STATE))) return [folder];
	if (!existsSync(folder)) return [];
	return readdirSync(folder)
		.filter((name) => /^\d{1,15}$/.test(name))
		.sort((a, b) => Number(b) - Number(a))
		.map((name) => join(folder, name))
		.filter((one) => existsSync(join(one, STATE)));
}

function attempt<T>(work: () => T): { value: T } | { error: unknown } {
	try {
		return { value: work() };
	} catch (error) {
		return { error };
	}
}

interface Header {
	file: SafetensorsFile;
	course: Course;
	progress: Progress;
	sha256: string;
}

function damaged(file: string, what: string): Error {
	return new Error(
		`The file ${file} ${what}: it is damaged or no checkpoint of this release; resume from another one.`,
	);
}

function readHeader(folder: string): Header {
	const file = openSafetensors(join(folder, STATE));
	let content: Record<string, unknown> = {};
	try {
		content = JSON.parse(file.metadata.sparselens);
	} catch {}
	const { format, course, progress, sha256 } = content;
	if (
		format !== FORMAT ||
		!isCourse(course) ||
		!isProgress(progress) ||
		typeof sha256 !== "string"
	)
		throw damaged(file.file, "does not say where training stood");
	return { file, course, progress, sha256 };
}

function readState(
	{ file, course, progress, sha256 }: Header,
	shape: TraineeShape,
	parameters: readonly Parameter[],
): Checkpoint {
	const read = (name: string) => {
		const entry = file.tensors.get(name);
		const expected = dimensionsOf(name, shape).join();
		if (entry?.dtype !== "F32" || entry.shape.join() !== expected)
			throw damaged(file.file, `has no tensor ${name} of shape [${expected}]`);
		return readTensor(file, name);
	};
	const names = parameters.flatMap((p) => [p, `m_${p}`, `v_${p}`]);
	const tensors = Object.fromEntries(names.map((name) => [name, read(name)]));
	const silent = readSilent(file, shape.d_sae);
	if (hashOf([...Object.values(tensors), silent]) !== sha256)
		throw damaged(file.file, "holds other numbers than were written");
	if (progress.step > Number(course.settings.steps))
		throw damaged(file.file, `says that ${progress.step} steps were taken`);
	const { numbers } = progress;
	return { course, progress, state: { tensors, numbers }, silent };
}

function readSilent(file: SafetensorsFile, d_sae: number): Uint32Array {
	const entry = file.tensors.get("silent");
	if (entry?.dtype !== "U32" || entry.shape.join() !== `${d_sae}`)
		throw damaged(file.file, `has no tensor silent of shape [${d_sae}]`);
	// The reader knows floats alone: the bits are the same.
	file.tensors.set("silent", { ...entry, dtype: "F32" });
	return new Uint32Array(readTensor(file, "silent").buffer);
}

function isRecord(value: unknown): value is Record<string, unknown> {
	return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isCourse(value: unknown): value is Course {
	return isRecord(value) && isRecord(value.settings) && isRecord(value.data);
}

function isProgress(value: unknown): value is Progress {
	if (!isRecord(value)) return false;
	const { step, seconds, records, sums, numbers } = value;
	const areNumbers = (one: unknown, names: string[]) =>
		isRecord(one) && names.every((name) => Number.isFinite(one[name]));
	const ofRecord = ["step", "tokens", "loss", "mse", "l0", "l1"];
	const isDead = ({ dead }: Record<string, unknown>) =>
		dead === null || Number.isFinite(dead);
	return (
		Number.isSafeInteger(step) &&
		Number(step) >= 0 &&
		Number.isFinite(seconds) &&
		Array.isArray(records) &&
		records.every((one) => areNumbers(one, ofRecord) && isDead(one)) &&
		areNumbers(sums, ["loss", "mse", "l1", "l0", "n"]) &&
		isRecord(numbers) &&
		areNumbers(numbers, Object.keys(numbers))
	);
}
