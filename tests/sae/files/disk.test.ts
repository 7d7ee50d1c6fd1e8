import assert from "node:assert/strict";
import {
	existsSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	rmSync,
	truncateSync,
	writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { after } from "node:test";
import { openSafetensors } from "../../../src/formats/safetensors";
import { loadSae, type Sae, trainSae } from "../../../src/sae";
import { makeSae } from "../../../src/sae/sae";
import { planted } from "../fakes";

const parameters = ["W_enc", "b_enc", "W_dec", "b_dec"] as const;

const { acts } = planted(2000, { d_in: 12, d_true: 20, active: 2 });
const root = mkdtempSync(join(tmpdir(), "sae-"));
after(() => rmSync(root, { recursive: true }));
let folders = 0;

function train(architecture: "standard" | "topk"): Promise<Sae> {
	const training_tokens = 20_000;
	return trainSae(acts, { architecture, d_sae: 30, k: 3, training_tokens });
}

/** A folder with a saved SAE. */
function saved(sae: Sae): string {
	const folder = join(root, String(folders++), "sae");
	sae.save(folder);
	return folder;
}

function editConfig(folder: string, change: Record<string, unknown>): void {
	const file = join(folder, "cfg.json");
	const json = JSON.parse(readFileSync(file, "utf8"));
	writeFileSync(file, JSON.stringify({ ...json, ...change }));
}

for (const architecture of ["standard", "topk"] as const)
	test(`a saved ${architecture} SAE comes back bit for bit, config and all`, async () => {
		const sae = await train(architecture);
		const again = await loadSae(saved(sae));
		for (const p of parameters) assert.deepEqual(again[p], sae[p]);
		assert.deepEqual(again.cfg, sae.cfg);
		const x = acts.data.subarray(0, 240);
		assert.deepEqual(await again.reconstruct(x), await sae.reconstruct(x));
	});

test("the files are laid out as SAELens 6 has them", async () => {
	const sae = await train("topk");
	const folder = saved(sae);
	assert.deepEqual(readdirSync(folder).sort(), [
		"cfg.json",
		"sae_weights.safetensors",
	]);
	const cfg = JSON.parse(readFileSync(join(folder, "cfg.json"), "utf8"));
	assert.equal(cfg.architecture, "topk");
	assert.equal(cfg.k, 3);
	assert.equal(cfg.rescale_acts_by_decoder_norm, false);
	assert.equal(cfg.normalize_activations, "none");
	assert.equal(cfg.metadata.hook_name, "blocks.0.hook_resid_post");
	assert.match(cfg.metadata.sae_lens_version, /^6\./);
	const { tensors } = openSafetensors(join(folder, "sae_weights.safetensors"));
	const shape = (name: string) => tensors.get(name)?.shape;
	assert.deepEqual(shape("W_enc"), [12, 30]);
	assert.deepEqual(shape("b_enc"), [30]);
	assert.deepEqual(shape("W_dec"), [30, 12]);
	assert.deepEqual(shape("b_dec"), [12]);
});

test("rescaling by the decoder's norm, as SAELens may ask for, is folded into the weights", async () => {
	const sae = await train("topk");
	// Latent 0: half the norm, so twice the latent; the product stays.
	const W_dec = sae.W_dec.map((v, i) => (i < 12 ? v / 2 : v));
	const W_enc = sae.W_enc.map((v, i) => (i % 30 === 0 ? v * 2 : v));
	const b_enc = sae.b_enc!.map((v, i) => (i === 0 ? v * 2 : v));
	const folder = saved(
		makeSae(sae.cfg, { W_enc, b_enc, W_dec, b_dec: sae.b_dec }),
	);
	editConfig(folder, { rescale_acts_by_decoder_norm: true });
	const again = await loadSae(folder);
	for (const p of parameters)
		again[p]!.forEach((v, i) => {
			assert.ok(Math.abs(v - sae[p]![i]) < 1e-5, `${p}[${i}]`);
		});
});

test("a missing folder, file or tensor, a corrupt file and a config of another kind each get one sentence", async () => {
	const sae = await train("topk");
	const cases: [RegExp, (folder: string) => void][] = [
		[/has no cfg.json/, (folder) => rmSync(folder, { recursive: true })],
		[/has no cfg.json/, (folder) => rmSync(join(folder, "cfg.json"))],
		[
			/has no sae_weights.safetensors/,
			(folder) => rmSync(join(folder, "sae_weights.safetensors")),
		],
		[
			/is no JSON object/,
			(folder) => writeFileSync(join(folder, "cfg.json"), "{"),
		],
		[
			/truncated/,
			(folder) => truncateSync(join(folder, "sae_weights.safetensors"), 900),
		],
		[
			/architecture as "gated"; "standard" or "topk"/,
			(folder) => editConfig(folder, { architecture: "gated" }),
		],
		[/k as 31; .* 1 to d_sae, 30/, (folder) => editConfig(folder, { k: 31 })],
		[/d_sae as "many"/, (folder) => editConfig(folder, { d_sae: "many" })],
		[
			/normalize_activations as "layer_norm"/,
			(folder) => editConfig(folder, { normalize_activations: "layer_norm" }),
		],
		[
			/W_enc with the shape \[12,30\], and cfg.json says \[12,31\]/,
			(folder) => editConfig(folder, { d_sae: 31 }),
		],
	];
	for (const [message, spoil] of cases) {
		const folder = saved(sae);
		spoil(folder);
		await assert.rejects(loadSae(folder), (error: Error) => {
			assert.match(error.message, message);
			assert.match(error.message, /\.$/);
			assert.ok(!error.message.includes("\n"));
			return true;
		});
	}
});

test("a folder that cannot be written to is left without half a file", async () => {
	const sae = await train("standard");
	const file = join(root, "a-file");
	writeFileSync(file, "");
	assert.throws(() => sae.save(join(file, "sae")));
	assert.ok(!existsSync(join(file, "sae")));
});
