import {
	closeSync,
	existsSync,
	openSync,
	readSync,
	realpathSync,
} from "node:fs";
import { dirname, join, parse, relative, sep } from "node:path";
import {
	openSafetensors,
	readTensor,
	type TensorEntry,
} from "../formats/safetensors";
import { type Gpt2Config, readJson } from "./config";

/** The tensors of a GPT-2 in its `.safetensors` files, by names without the prefix "transformer.". */
export interface Gpt2Weights {
	/** The folder below which all the files really are (no symbolic link). */
	folder: string;
	/** The size of all tensors. */
	bytes: number;
	has(name: string): boolean;
	/** Where a tensor is, e.g. that of "h.0.attn.c_attn.weight"; `location` is its file, relative to `folder`. */
	entry(name: string): TensorEntry & { location: string };
	/** Its numbers. */
	read(name: string): Float32Array;
}

/** The name of the head's tensor: [d_vocab, d_model]. */
export function headName(config: Gpt2Config): string {
	return config.tie_word_embeddings ? "wte.weight" : "lm_head.weight";
}

/**
 * Opens model.safetensors, or the files that model.safetensors.index.json names, and checks that every tensor is there in
 * the shape that the config says.
 */
export function openWeights(config: Gpt2Config): Gpt2Weights {
	const files = weightFiles(config.folder).map((file) => {
		const { tensors } = openSafetensors(file);
		return { file, real: realpathSync(file), tensors };
	});
	const folder = commonFolder(files.map(({ real }) => real));
	const places = new Map<string, (typeof files)[number]>();
	for (const place of files)
		for (const name of place.tensors.keys()) places.set(name, place);
	const nameOf = (name: string) =>
		places.has(`transformer.${name}`) ? `transformer.${name}` : name;
	const find = (name: string) => {
		const place = places.get(nameOf(name));
		const entry = place?.tensors.get(nameOf(name));
		if (place && entry) return { place, entry };
		const where =
			files.length === 1
				? `file ${files[0].file}`
				: `model in ${config.folder}`;
		throw new Error(
			`The ${where} has no tensor "${name}", which a GPT-2 of ${config.n_layers} layers needs.`,
		);
	};
	const weights: Gpt2Weights = {
		folder,
		bytes: files
			.flatMap(({ tensors }) => [...tensors.values()])
			.reduce((sum, { length }) => sum + length, 0),
		has: (name) => places.has(nameOf(name)),
		entry(name) {
			const { place, entry } = find(name);
			return { ...entry, location: relative(folder, place.real) };
		},
		read(name) {
			const { place } = find(name);
			return readTensor(openSafetensors(place.real), nameOf(name));
		},
	};
	checkLayers(config, places.keys());
	const shapes = expectedShapes(config);
	if (weights.has("lm_head.bias"))
		shapes.push(["lm_head.bias", [config.d_vocab]]);
	for (const [name, shape] of shapes) {
		const { place, entry } = find(name);
		if (entry.shape.join() !== shape.join())
			throw new Error(
				`The tensor "${name}" in ${place.file} has shape [${entry.shape}], but config.json says [${shape}].`,
			);
		if (!["F32", "F16", "BF16"].includes(entry.dtype))
			throw new Error(
				`The tensor "${name}" in ${place.file} is of type ${entry.dtype}, where F32, F16 or BF16 can be used.`,
			);
	}
	return weights;
}

/** Throws where there are more blocks in the files than config.json says: it is not theirs. */
function checkLayers(config: Gpt2Config, names: Iterable<string>): void {
	let last = -1;
	for (const name of names)
		last = Math.max(
			last,
			Number(/^(?:transformer\.)?h\.(\d+)\./.exec(name)?.[1] ?? -1),
		);
	if (last >= config.n_layers)
		throw new Error(
			`The config.json in ${config.folder} says n_layer ${config.n_layers}, but its weights have ${last + 1} layers: they are not of the same model; put the right number there.`,
		);
}

/**
 * Whether there is a head that is another than the embedding. config.json may say all the same that the two are one, as
 * where a head was trained for itself and then saved; transformers takes the head of the file there.
 */
export function hasOwnHead(weights: Gpt2Weights): boolean {
	if (!weights.has("lm_head.weight")) return false;
	const [head, table] = ["lm_head.weight", "wte.weight"].map(weights.entry);
	if (head.dtype !== table.dtype || head.shape.join() !== table.shape.join())
		return true;
	const open = ({ location }: typeof head) =>
		openSync(join(weights.folder, location), "r");
	const [a, b] = [Buffer.alloc(PIECE), Buffer.alloc(PIECE)];
	const [ofHead, ofTable] = [open(head), open(table)];
	try {
		for (let at = 0; at < head.length; at += PIECE) {
			const n = Math.min(PIECE, head.length - at);
			readSync(ofHead, a, 0, n, head.offset + at);
			readSync(ofTable, b, 0, n, table.offset + at);
			if (a.compare(b, 0, n, 0, n) !== 0) return true;
		}
		return false;
	} finally {
		closeSync(ofHead);
		closeSync(ofTable);
	}
}

/** Bytes compared at once. */
const PIECE = 2 ** 20;

/** The files that hold the weights of the model in a folder. */
function weightFiles(folder: string): string[] {
	const whole = join(folder, "model.safetensors");
	if (existsSync(whole)) return [whole];
	const index = join(folder, "model.safetensors.index.json");
	if (!existsSync(index))
		throw new Error(
			`The folder ${folder} has no model.safetensors and no model.safetensors.index.json; a model's folder needs one of them beside its config.json.`,
		);
	const { weight_map } = readJson(index);
	const names = [...new Set(Object.values(weight_map ?? {}))];
	const wrong = names.find(
		(name) => typeof name !== "string" || !/^[\w.-]+\.safetensors$/.test(name),
	);
	if (names.length === 0 || wrong !== undefined)
		throw new Error(
			`The file ${index} ${names.length ? `names ${JSON.stringify(wrong)}` : "names no file"}, where "weight_map" must give each tensor the name of a .safetensors file beside it.`,
		);
	return names.map((name) => {
		const file = join(folder, String(name));
		if (existsSync(file)) return file;
		throw new Error(
			`The folder ${folder} has no ${name}, which its model.safetensors.index.json names; fetch that file as well.`,
		);
	});
}

/** The deepest folder that holds all the files. */
export function commonFolder(files: string[]): string {
	let folder = dirname(files[0]);
	const holds = (file: string) =>
		folder === parse(folder).root || file.startsWith(folder + sep);
	while (!files.every(holds)) folder = dirname(folder);
	return folder;
}

/** The tensors that a GPT-2 has, with their shapes; one that has two uses is named twice. */
export function expectedShapes(config: Gpt2Config): [string, number[]][] {
	const { d_model: d, d_mlp, n_ctx, d_vocab, n_layers } = config;
	const norm = (name: string): [string, number[]][] => [
		[`${name}.weight`, [d]],
		[`${name}.bias`, [d]],
	];
	const dense = (name: string, from: number, to: number): typeof all => [
		[`${name}.weight`, [from, to]],
		[`${name}.bias`, [to]],
	];
	const all: [string, number[]][] = [
		["wte.weight", [d_vocab, d]],
		["wpe.weight", [n_ctx, d]],
		...norm("ln_f"),
		[headName(config), [d_vocab, d]],
	];
	for (let layer = 0; layer < n_layers; layer++) {
		const h = `h.${layer}`;
		all.push(
			...norm(`${h}.ln_1`),
			...dense(`${h}.attn.c_attn`, d, 3 * d),
			...dense(`${h}.attn.c_proj`, d, d),
			...norm(`${h}.ln_2`),
			...dense(`${h}.mlp.c_fc`, d, d_mlp),
			...dense(`${h}.mlp.c_proj`, d_mlp, d),
		);
	}
	return all;
}
