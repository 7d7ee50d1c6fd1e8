import assert from "node:assert/strict";
import { join } from "node:path";
import { after, test } from "node:test";
import { loadSae, type Sae } from "../../src/sae";
import type { Normalization } from "../../src/sae/types";
import { inferenceArchitectures, someRows, someSae } from "../sae/random-sae";
import { temporaryFolder } from "../tiny";
import { ask, saeLens } from "./python";
import { agreed } from "./record";

const { skip } = saeLens;
const { folder, remove } = temporaryFolder();
after(remove);

const d_in = 24;
const n = 40;
const rows = someRows(n, d_in);

/** [n, d_sae] and [n, d_in]. */
interface Computed {
	latents: number[][];
	out: number[][];
}

async function ours(sae: Sae): Promise<Computed> {
	const { indptr, indices, values } = await sae.encodeRows(rows);
	const latents = Array.from({ length: n }, (_, row) => {
		const dense = new Array<number>(sae.cfg.d_sae).fill(0);
		for (let i = indptr[row]; i < indptr[row + 1]; i++)
			dense[indices[i]] = values[i];
		return dense;
	});
	const flat = await sae.reconstruct(rows);
	const out = latents.map((_, row) => [
		...flat.subarray(row * d_in, (row + 1) * d_in),
	]);
	return { latents, out };
}

/** The largest difference, relative to the largest number of the peer. */
function apart(a: number[][], b: number[][]): number {
	let most = 0;
	let largest = 0;
	for (const [row, values] of b.entries())
		for (const [i, value] of values.entries()) {
			most = Math.max(most, Math.abs(value - a[row][i]));
			largest = Math.max(largest, Math.abs(value));
		}
	return most / largest;
}

const compute = `
def computed(sae):
    x = torch.tensor(np.array(rows, dtype=np.float32).reshape(n, d_in))
    with torch.no_grad():
        f = sae.encode(x)
        return {"latents": f.tolist(), "out": sae.decode(f).tolist()}
`;

test("what SAELens trains and saves, whole or as a checkpoint, gives its latents here", {
	skip,
}, async () => {
	const found = ask<(Computed & { name: string; dtype: string })[]>(
		saeLens,
		`
import os, torch
from sae_lens import SAE, TrainingSAE
from sae_lens.registry import SAE_TRAINING_CLASS_REGISTRY as registry
${compute}
torch.manual_seed(0)
result = []
more = {"topk": {"k": 5}, "batchtopk": {"k": 5}, "matryoshka_batchtopk": {"k": 5, "matryoshka_widths": [8, 48]}}
for architecture in ["standard", "gated", "jumprelu", "topk", "batchtopk", "matryoshka_batchtopk"]:
    for norm in ["none", "layer_norm", "constant_norm_rescale"]:
        for dtype in ["float32", "float64"]:
            sae_class, config = registry[architecture]
            sae = sae_class(config(d_in=d_in, d_sae=48, normalize_activations=norm, dtype=dtype, **more.get(architecture, {})))
            with torch.no_grad():
                for _, p in sae.named_parameters():
                    p.add_(0.2 * torch.randn_like(p))
                if architecture == "jumprelu":
                    sae.log_threshold.copy_(torch.log(0.1 + torch.rand(48))) if hasattr(sae, "log_threshold") else sae.threshold.abs_()
            if hasattr(sae, "topk_threshold"):
                sae.topk_threshold.fill_(0.7)
            sae.cfg.metadata.hook_name, sae.cfg.metadata.model_name = "blocks.1.hook_out", "m"
            for kind, save in (("whole", sae.save_inference_model), ("checkpoint", sae.save_model)):
                name = f"{architecture}-{norm}-{dtype}-{kind}"
                path = os.path.join(folder, name)
                os.makedirs(path)
                save(path)
            inference = SAE.load_from_disk(os.path.join(folder, f"{architecture}-{norm}-{dtype}-whole"), device="cpu", dtype="float32")
            told = computed(inference)
            for kind in ("whole", "checkpoint"):
                result.append({"name": f"{architecture}-{norm}-{dtype}-{kind}", "dtype": dtype, **told})
`,
		{ folder, rows: [...rows], n, d_in },
	);
	assert.equal(found.length, 6 * 3 * 2 * 2);
	let most = 0;
	for (const { name, dtype, ...theirs } of found) {
		const sae = await loadSae(join(folder, name));
		const mine = await ours(sae);
		const error = Math.max(
			apart(mine.latents, theirs.latents),
			apart(mine.out, theirs.out),
		);
		assert.ok(error < 3e-6, `${name}: ${error}`);
		assert.equal(sae.cfg.hook_name, "blocks.1.hook_resid_post", name);
		const told = sae.warnings?.join() ?? "";
		assert.equal(/float64/.test(told), dtype === "float64", `${name}: ${told}`);
		most = Math.max(most, error);
	}
	agreed("SAEs that SAELens wrote: latents, reconstructions", "SAELens", most);
});

test("what is saved here is read by SAELens, with the same latents and no warning", {
	skip,
}, async () => {
	const norms: Normalization[] = [
		"none",
		"layer_norm",
		"constant_norm_rescale",
	];
	const saved: { path: string; mine: Computed }[] = [];
	for (const kind of inferenceArchitectures)
		for (const normalize_activations of norms)
			for (const apply_b_dec_to_input of [true, false]) {
				const sae = someSae(kind, {
					...{ d_in, d_sae: 48, normalize_activations, apply_b_dec_to_input },
				});
				const path = join(folder, `ours-${saved.length}`);
				await sae.save(path);
				saved.push({ path, mine: await ours(sae) });
			}
	const theirs = ask<Computed[]>(
		saeLens,
		`
import torch
from sae_lens import SAE
${compute}
with warnings.catch_warnings():
    warnings.simplefilter("error")
    result = [computed(SAE.load_from_disk(path, device="cpu")) for path in paths]
`,
		{ paths: saved.map(({ path }) => path), rows: [...rows], n, d_in },
	);
	let most = 0;
	for (const [i, { mine }] of saved.entries()) {
		const error = Math.max(
			apart(mine.latents, theirs[i].latents),
			apart(mine.out, theirs[i].out),
		);
		assert.ok(error < 3e-6, `${saved[i].path}: ${error}`);
		most = Math.max(most, error);
	}
	agreed("SAEs that are written here, in SAELens", "SAELens", most);
});
