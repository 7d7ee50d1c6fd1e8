import { createHash, randomUUID } from "node:crypto";
import { mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { writeError } from "../../files";
import {
	bytesOf,
	type TensorToWrite,
	writeSafetensors,
} from "../../formats/safetensors";
import { holderName, lives, readHolder, thisProcess } from "../../holder";
import { sizeOf } from "../engine/store";
import type { Parameter, TraineeShape, TraineeState } from "../engine/trainee";
import { makeSae } from "../sae";
import type {
	SaeConfig,
	SaeWeights,
	TrainedOn,
	TrainingRecord,
} from "../types";
import type { Course } from "./course";
import type { Sums } from "./records";

export const STATE = "trainer_state.safetensors";
export const FORMAT = 1;

/** Where a training stands, besides the tensors. Plain data. */
export interface Progress {
	step: number;
	records: TrainingRecord[];
	sums: Sums;
	/** As in `TraineeState`; JSON keeps every bit of a double. */
	numbers: Record<string, number>;
	/** Wall-clock so far. */
	seconds: number;
}

export interface Checkpoint {
	course: Course;
	progress: Progress;
	state: TraineeState;
	/** Steps since each latent fired. */
	silent: Uint32Array; // [d_sae]
}

/**
 * Writes `path`/<tokens>/ with `cfg.json` and `sae_weights.safetensors`, which `loadSae` and SAELens read, and
 * `trainer_state.safetensors`, from which training goes on. It is written beside its place and then renamed, so that
 * a folder named for a number is whole, whatever happens. Gives the folder.
 */
export function writeCheckpoint(
	path: string,
	tokens: number,
	sae: { cfg: SaeConfig; weights: SaeWeights; trained_on: TrainedOn },
	checkpoint: Checkpoint,
	shape: TraineeShape,
): string {
	const to = join(path, String(tokens));
	const part = partOf(to);
	try {
		mkdirSync(part, { recursive: true });
		removeLeftovers(path);
		const { cfg, weights, trained_on } = sae;
		makeSae(cfg, weights, { trained_on }).save(part);
		writeState(join(part, STATE), checkpoint, shape);
		replaceFolder(part, to);
	} catch (error) {
		try {
			rmSync(part, { recursive: true, force: true });
		} catch {} // where it could not even be made: the first error says why
		throw writeError(error, to);
	}
	return to;
}

function writeState(
	file: string,
	{ course, progress, state, silent }: Checkpoint,
	shape: TraineeShape,
): void {
	const tensors: Record<string, TensorToWrite> = {};
	for (const [name, data] of Object.entries(state.tensors))
		tensors[name] = { shape: dimensionsOf(name, shape), data };
	tensors.silent = { shape: [shape.d_sae], data: silent };
	const sha256 = hashOf(Object.values(tensors).map(({ data }) => data));
	const content = JSON.stringify({ format: FORMAT, course, progress, sha256 });
	writeSafetensors(file, tensors, { sparselens: content });
}

/** Of a tensor of the state: a parameter, or `m_` or `v_` and a parameter. */
export function dimensionsOf(name: string, shape: TraineeShape): number[] {
	const p = name.replace(/^[mv]_/, "") as Parameter;
	const { d_in } = shape;
	const n = sizeOf(p, shape);
	return p === "W_enc" || p === "W_dec" ? [n / d_in, d_in] : [n];
}

/** SHA-256 over all numbers, in order. */
export function hashOf(data: ArrayBufferView[]): string {
	const hash = createHash("sha256");
	for (const one of data) hash.update(bytesOf(one));
	return hash.digest("hex");
}

/** The name of a folder that is being written, with who writes it. */
const PART = /^\d+\.(.+)-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\.part$/;

/** A name beside a checkpoint's own, with that of this process. */
function partOf(folder: string): string {
	return `${folder}.${holderName(thisProcess())}-${randomUUID()}.part`;
}

/** How often another training may put a checkpoint of the same name there in between. */
const TRIES = 5;

/** Puts a whole folder in the place of one that may be there. */
function replaceFolder(from: string, to: string): void {
	for (let attempt = 1; ; attempt++) {
		const old = partOf(to);
		try {
			renameSync(to, old);
		} catch (error) {
			if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
		}
		try {
			renameSync(from, to);
			rmSync(old, { recursive: true, force: true });
			return;
		} catch (error) {
			const { code = "" } = error as NodeJS.ErrnoException;
			if (!/^(ENOTEMPTY|EEXIST)$/.test(code) || attempt === TRIES) throw error;
			rmSync(old, { recursive: true, force: true });
		}
	}
}

/** Removes what processes left behind that were killed while they wrote; those that cannot be asked may still write. */
function removeLeftovers(path: string): void {
	for (const name of readdirSync(path)) {
		const holder = readHolder(PART.exec(name)?.[1] ?? "");
		if (holder && lives(holder) === false)
			rmSync(join(path, name), { recursive: true, force: true });
	}
}
