import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { InferenceSession } from "onnxruntime-node";
import { saeLens } from "../../peers/python";
import { temporaryFolder, writeRandomGpt2 } from "../../tiny";
import { fusedGpt2 } from "./fused";
import {
	branchAtTheEnd,
	fuseSkipNorms,
	halve,
	merge,
	moveOut,
	quantiseDynamically,
	quantiseWeights,
} from "./kinds";
import { type Model, readModel, writeModel } from "./rewrite";

/** Why tests that need PyTorch are skipped; false where it is there. */
export const { python, skip } = saeLens;

export const families = ["gpt2", "gpt_neox", "llama"] as const;
export type Family = (typeof families)[number];

/** What PyTorch says that a decoder computes; rows of 7 tokens, the second one with 5 of its own. */
export interface Reference {
	ids: number[];
	lengths: number[];
	/** [2, 7, d_vocab]. */
	logits: number[];
	/** [2, 6], 0 at padding. */
	loss: number[];
	hooks: Record<string, number[]>;
	/** [d_model]. */
	direction: number[];
	/** [2, 7, d_model]. */
	values: number[];
	/** Logits with an intervention. */
	changed: Record<string, number[]>;
}

export interface Fixtures {
	folder: string;
	/** The path of a graph. */
	path(family: Family, kind: string): string;
	reference(family: Family): Reference;
	remove(): void;
}

/** Every kind of graph that holds the same float weights, by family. */
export const floatKinds: Record<Family, string[]> = {
	gpt2: [
		...["model", "opset17", "past", "merged", "outside"],
		...["model.optimised", "past.optimised", "merged.optimised"],
		...["skip-norms", "fused", "bare", "branching"],
	],
	gpt_neox: ["model", "past", "merged", "model.optimised", "past.optimised"],
	llama: ["model", "past", "merged", "model.optimised", "past.optimised"],
};

/** Kinds whose numbers are rounded, and how far two ways to compute the same may then lie apart. */
export const roundedKinds: Record<string, number> = {
	dynamic: 2e-5,
	"dynamic.optimised": 2e-5,
	weights: 2e-5,
	"weights.optimised": 2e-5,
	half: 5e-3,
};

/** Makes tiny random decoders with PyTorch, and all the kinds of graphs that they can come as. */
export async function makeFixtures(): Promise<Fixtures> {
	const { folder, remove } = temporaryFolder();
	const script = join(__dirname, "decoders.py");
	const made = spawnSync(python, ["-W", "ignore", script, folder], {
		encoding: "utf8",
	});
	if (made.status !== 0) throw new Error(made.stderr);
	const path = (family: Family, kind: string) =>
		join(folder, family, `${kind}.onnx`);
	for (const family of families) {
		const write = (kind: string, model: Model) =>
			writeModel(path(family, kind), model);
		const read = (kind: string) => readModel(path(family, kind));
		write("merged", merge(read("model"), read("past")));
		write("dynamic", quantiseDynamically(read("model")));
		write("weights", quantiseWeights(read("model")));
		write("half", halve(read("model")));
		write("outside", moveOut(read("model"), path(family, "outside"), "w.bin"));
		if (family === "gpt2") {
			write("skip-norms", fuseSkipNorms(read("opset17")));
			write("branching", branchAtTheEnd(read("opset17")));
			writeFileSync(path(family, "fused"), fusedGpt2(read("model"), false));
			writeFileSync(path(family, "bare"), fusedGpt2(read("model"), true));
		}
		for (const kind of ["model", "past", "merged", "dynamic", "weights"])
			await optimise(path(family, kind), path(family, `${kind}.optimised`));
	}
	return {
		folder,
		path,
		remove,
		reference: (family) =>
			JSON.parse(readFileSync(join(folder, family, "reference.json"), "utf8")),
	};
}

/** Saves what ONNX Runtime makes of a graph before it runs it. */
async function optimise(file: string, to: string): Promise<void> {
	const session = await InferenceSession.create(file, {
		graphOptimizationLevel: "extended",
		optimizedModelFilePath: to,
		logSeverityLevel: 3,
	});
	await session.release();
}

/** A GPT-2 as Optimum lays it out: the graph in "onnx", config.json and tokenizer.json above. Returns the folder. */
export function optimumFolder({ folder, path }: Fixtures): string {
	const home = join(folder, "optimum");
	writeRandomGpt2(join(folder, "bytes")); // for its tokenizer
	mkdirSync(join(home, "onnx"), { recursive: true });
	copyFileSync(path("gpt2", "past"), join(home, "onnx", "model.onnx"));
	copyFileSync(
		join(folder, "bytes", "tokenizer.json"),
		join(home, "tokenizer.json"),
	);
	copyFileSync(join(folder, "gpt2", "config.json"), join(home, "config.json"));
	return home;
}
