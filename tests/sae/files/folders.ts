import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after } from "node:test";
import { writeSafetensors } from "../../../src/formats/safetensors";
import { type LoadSaeOptions, loadSae } from "../../../src/sae";
import { temporaryFolder } from "../../tiny";

const { folder: root, remove } = temporaryFolder();
after(remove);
let folders = 0;

/** A path where nothing is yet. */
export const fresh = () => join(root, String(folders++));

export type Tensors = Parameters<typeof writeSafetensors>[1];

/** A folder with a config and weights, and whatever else, as another program left it. */
export function made(
	cfg: object,
	tensors: Tensors,
	{
		weights = "sae_weights.safetensors",
		name = "sae",
		...files
	}: Record<string, string> = {},
): string {
	const folder = join(fresh(), name);
	mkdirSync(folder, { recursive: true });
	writeFileSync(join(folder, "cfg.json"), JSON.stringify(cfg));
	writeSafetensors(join(folder, weights), tensors);
	for (const [file, content] of Object.entries(files))
		writeFileSync(join(folder, file), content);
	return folder;
}

export const array = (shape: number[], data: number[]) => ({
	shape,
	data: Float32Array.from(data),
});

/** Two wide, three latents: x₀, x₁ and x₀ + x₁ of x − (1, 1), writing (2, 0), (0, 1), (0.3, 0.4). */
export const four = {
	W_enc: array([2, 3], [1, 0, 1, 0, 1, 1]),
	b_enc: array([3], [0, 0, -1]),
	W_dec: array([3, 2], [2, 0, 0, 1, 0.3, 0.4]),
	b_dec: array([2], [1, 1]),
};
export const sizes = { d_in: 2, d_sae: 3 };
const x = Float32Array.of(3, 4); // x − b_dec = (2, 3); pre-activations (2, 3, 4)

/** The latents of x, each with its value, and the reconstruction. */
export async function computed(folder: string, options?: LoadSaeOptions) {
	const sae = await loadSae(folder, undefined, options);
	const { indices, values } = await sae.encodeRows(x);
	const f = [...values].map((value, i) => [indices[i], rounded(value)]);
	return { sae, f, out: [...(await sae.reconstruct(x))].map(rounded) };
}

const rounded = (value: number) => Number(value.toFixed(5));
