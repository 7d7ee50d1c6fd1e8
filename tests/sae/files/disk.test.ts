import assert from "node:assert/strict";
import {
	existsSync,
	mkdirSync,
	readdirSync,
	readFileSync,
	rmSync,
	statSync,
	truncateSync,
	writeFileSync,
} from "node:fs";
import { join } from "node:path";
import test, { after } from "node:test";
import {
	openSafetensors,
	readTensor,
	writeSafetensors,
} from "../../../src/formats/safetensors";
import { loadSae, makeSae, type Sae } from "../../../src/sae";
import type { SaeConfig, SaeWeights } from "../../../src/sae/types";
import { temporaryFolder } from "../../tiny";
import { activations } from "../fakes";
import {
	inferenceArchitectures,
	someConfig,
	someRows,
	someSae,
	someWeights,
} from "../random-sae";

const { folder: root, remove } = temporaryFolder();
after(remove);
let folders = 0;
const newFolder = () => join(root, String(folders++), "sae");

/** A folder with a saved SAE. */
function saved(sae: Sae): string {
	const folder = newFolder();
	sae.save(folder);
	return folder;
}

function readConfig(folder: string) {
	return JSON.parse(readFileSync(join(folder, "cfg.json"), "utf8"));
}

function editConfig(folder: string, change: Record<string, unknown>): void {
	const file = join(folder, "cfg.json");
	writeFileSync(file, JSON.stringify({ ...readConfig(folder), ...change }));
}

/** Replaces tensors, drops those that are undefined. */
function editTensors(
	folder: string,
	change: Record<string, { shape: number[]; data: Float32Array } | undefined>,
): void {
	const file = openSafetensors(join(folder, "sae_weights.safetensors"));
	const all = Object.fromEntries(
		[...file.tensors].map(([name, { shape }]) => [
			name,
			{ shape, data: readTensor(file, name) },
		]),
	);
	const kept = Object.entries({ ...all, ...change }).filter(([, t]) => t);
	writeSafetensors(file.file, Object.fromEntries(kept) as typeof all);
}

const weightNames = [
	"W_enc",
	"W_dec",
	"b_dec",
	"b_enc",
	"threshold",
	"b_gate",
	"b_mag",
	"r_mag",
] as const;

function assertSame(again: SaeWeights, sae: SaeWeights): void {
	for (const name of weightNames)
		assert.deepEqual(again[name], sae[name], name);
}

function assertClose(again: SaeWeights, sae: SaeWeights): void {
	for (const name of weightNames) {
		const [a, b] = [again[name], sae[name]];
		assert.equal(a?.length, b?.length, name);
		a?.forEach((v, i) => {
			assert.ok(Math.abs(v - (b?.[i] ?? Number.NaN)) < 1e-5, `${name}[${i}]`);
		});
	}
}

/** Everything that a config can say. */
const told: Partial<SaeConfig> = {
	apply_b_dec_to_input: false,
	normalize_activations: "layer_norm",
	reshape_activations: "hook_z",
	center_writing_weights: true,
	hook_name: "blocks.3.attn.hook_z",
	model_name: "gpt2-small",
	prepend_bos: false,
	context_size: 64,
	neuronpedia_id: "gpt2-small/3-x",
	dataset_path: "owner/set",
	seed: 0,
	training_tokens: 12_345,
};

for (const architecture of inferenceArchitectures)
	for (const change of [{}, told])
		test(`a saved ${architecture} SAE comes back bit for bit, config and all${change === told ? ", whatever it says" : ""}`, async () => {
			const sae = someSae(architecture, change);
			const again = await loadSae(saved(sae));
			assertSame(again, sae);
			assert.deepEqual(again.cfg, sae.cfg);
			assert.equal(again.warnings, undefined);
			assert.equal(again.log_sparsity, undefined);
			const rows = someRows(20);
			assert.deepEqual(
				await again.encodeRows(rows),
				await sae.encodeRows(rows),
			);
			assert.deepEqual(
				await again.reconstruct(rows),
				await sae.reconstruct(rows),
			);
		});

test("what an SAE was trained as is kept", async () => {
	const sae = someSae("jumprelu", { trained_as: "matryoshka" });
	const folder = saved(sae);
	assert.equal(readConfig(folder).metadata.trained_as, "matryoshka");
	assert.equal(readConfig(folder).architecture, "jumprelu");
	assert.deepEqual((await loadSae(folder)).cfg, sae.cfg);
});

test("the files are laid out as SAELens 6 has them", () => {
	const folder = saved(someSae("topk", { ...told, dataset_path: "a/b" }));
	assert.deepEqual(readdirSync(folder).sort(), [
		"cfg.json",
		"sae_weights.safetensors",
	]);
	const { metadata, ...cfg } = readConfig(folder);
	assert.deepEqual(cfg, {
		architecture: "topk",
		d_in: 12,
		d_sae: 30,
		k: 5,
		rescale_acts_by_decoder_norm: false,
		dtype: "float32",
		device: "cpu",
		apply_b_dec_to_input: false,
		normalize_activations: "layer_norm",
		reshape_activations: "hook_z",
	});
	const { sae_lens_version, ...facts } = metadata;
	assert.match(sae_lens_version, /^6\./);
	assert.deepEqual(facts, {
		model_name: "gpt2-small",
		hook_name: "blocks.3.attn.hook_z",
		context_size: 64,
		prepend_bos: false,
		training_architecture: "topk",
		dataset_path: "a/b",
		neuronpedia_id: "gpt2-small/3-x",
		model_from_pretrained_kwargs: { center_writing_weights: true },
		seed: 0,
		training_tokens: 12_345,
	});
	const { tensors } = openSafetensors(join(folder, "sae_weights.safetensors"));
	const shapes = [...tensors].map(([name, { shape, dtype }]) => [
		name,
		dtype,
		shape.join(),
	]);
	assert.deepEqual(shapes, [
		["W_enc", "F32", "12,30"],
		["W_dec", "F32", "30,12"],
		["b_dec", "F32", "12"],
		["b_enc", "F32", "30"],
	]);
});

test("the tensors of each architecture are those that SAELens looks for", () => {
	const names = (architecture: (typeof inferenceArchitectures)[number]) => {
		const file = join(saved(someSae(architecture)), "sae_weights.safetensors");
		return [...openSafetensors(file).tensors.keys()].sort().join(" ");
	};
	assert.equal(names("standard"), "W_dec W_enc b_dec b_enc");
	assert.equal(names("topk"), "W_dec W_enc b_dec b_enc");
	assert.equal(names("jumprelu"), "W_dec W_enc b_dec b_enc threshold");
	assert.equal(names("gated"), "W_dec W_enc b_dec b_gate b_mag r_mag");
});

test("firing frequencies are saved as log10(frequency + 1e-10), and come back", async () => {
	const sae = someSae("standard");
	const density = new Float32Array(30);
	density.set([1, 0.1, 0.001]);
	const folder = newFolder();
	sae.save(folder, { density });
	const file = openSafetensors(join(folder, "sparsity.safetensors"));
	assert.deepEqual([...file.tensors.keys()], ["sparsity"]);
	const stored = readTensor(file, "sparsity");
	[0, -1, -3, -10, -10].forEach((log, i) => {
		assert.ok(Math.abs(stored[i] - log) < 1e-5, `latent ${i}`);
	});
	const again = await loadSae(folder);
	assert.deepEqual(again.log_sparsity, stored);
	const second = saved(again); // it is known by now
	assert.deepEqual((await loadSae(second)).log_sparsity, stored);
	sae.save(second); // over another SAE, whose frequencies are not this one's
	assert.equal(existsSync(join(second, "sparsity.safetensors")), false);
});

test("firing frequencies can be counted in latents", async () => {
	const sae = someSae("topk");
	const latents = await sae.encode(activations(someRows(50), 12));
	const folder = newFolder();
	sae.save(folder, { density: latents });
	const { log_sparsity } = await loadSae(folder);
	for (let latent = 0; latent < 30; latent++) {
		const fired = latents.indices.filter((i) => i === latent).length;
		const log = Math.log10(fired / 50 + 1e-10);
		assert.ok(Math.abs((log_sparsity?.[latent] ?? 1) - log) < 1e-5);
	}
	assert.throws(
		() => sae.save(folder, { density: new Float32Array(3) }),
		/3 values .* 30 latents/,
	);
	assert.throws(
		() => sae.save(folder, { density: new Float32Array(30).fill(2) }),
		/latent 0 is 2/,
	);
	assert.deepEqual((await loadSae(folder)).log_sparsity, log_sparsity);
});

test("rescaling by the decoder's norm, as SAELens may ask for, is folded into the weights", async () => {
	const config = someConfig("topk");
	const { W_enc, W_dec, b_dec, b_enc } = someWeights(config);
	const norms = Array.from({ length: 30 }, (_, j) =>
		Math.hypot(...W_dec.subarray(j * 12, (j + 1) * 12)),
	);
	const folder = saved(makeSae(config, { W_enc, W_dec, b_dec, b_enc }));
	editConfig(folder, { rescale_acts_by_decoder_norm: true });
	assertClose(await loadSae(folder), {
		W_enc: W_enc.map((v, i) => v * norms[i % 30]),
		b_enc: b_enc?.map((v, i) => v * norms[i]),
		W_dec: W_dec.map((v, i) => v / norms[Math.floor(i / 12)]),
		b_dec,
	} as SaeWeights);
});

test("an SAE that is saved over another one takes its place whole", async () => {
	const folder = saved(someSae("gated"));
	writeFileSync(join(folder, "notes.txt"), "mine");
	const sae = someSae("topk");
	sae.save(folder);
	assertSame(await loadSae(folder), sae);
	assert.deepEqual(readdirSync(folder).sort(), [
		"cfg.json",
		"notes.txt",
		"sae_weights.safetensors",
	]);
});

test("where an SAE cannot be saved, the one that was there still is, and nothing else", async () => {
	const folder = saved(someSae("standard"));
	const own = someConfig("standard");
	const broken = makeSae(own, {
		...someWeights(own),
		W_enc: new Float32Array(3),
	});
	assert.throws(() => broken.save(folder), /"W_enc" has 3 numbers/);
	assert.equal(readdirSync(folder).length, 2);
	assertSame(await loadSae(folder), someSae("standard"));
});

test("a folder that cannot be written to is left without half a file", () => {
	const file = join(root, "a-file");
	writeFileSync(file, "");
	assert.throws(
		() => someSae("standard").save(join(file, "sae")),
		/cannot be written: a part of its path is a file/,
	);
	assert.ok(!existsSync(join(file, "sae")));
	assert.equal(
		readdirSync(root).filter((n) => n.startsWith("a-file")).length,
		1,
	);
});

const numbers = (n: number, value = 0) => ({
	shape: [n],
	data: new Float32Array(n).fill(value),
});

test("a missing folder, file or tensor, a corrupt file and a config of another kind each get one sentence", async () => {
	const config = (change: Record<string, unknown>) => (folder: string) =>
		editConfig(folder, change);
	const text = (content: string) => (folder: string) =>
		writeFileSync(join(folder, "cfg.json"), content);
	const tensors =
		(change: Parameters<typeof editTensors>[1]) => (folder: string) =>
			editTensors(folder, change);
	const cut = (bytes: number) => (folder: string) =>
		truncateSync(join(folder, "sae_weights.safetensors"), bytes);
	const cases: [RegExp, (folder: string) => void][] = [
		[/is neither a folder/, (folder) => rmSync(folder, { recursive: true })],
		[/has no cfg.json/, (folder) => rmSync(join(folder, "cfg.json"))],
		[
			/has no sae_weights.safetensors/,
			(folder) => rmSync(join(folder, "sae_weights.safetensors")),
		],
		[/is no JSON object/, text("{")],
		[/is no JSON object/, text("[1]")],
		[/is no JSON object/, text("null")],
		[/has more than 1048576 bytes/, text(" ".repeat(2 ** 20 + 1))],
		[/truncated/, cut(900)],
		[/truncated/, cut(3)],
		[
			/architecture as "temporal"; "standard", "topk"/,
			config({ architecture: "temporal" }),
		],
		[/architecture as "constructor"/, config({ architecture: "constructor" })],
		[/architecture as a list/, config({ architecture: ["topk"] })],
		[/architecture as an object/, config({ architecture: { a: 1 } })],
		[/k as 31; .* 1 to d_sae, 30/, config({ k: 31 })],
		[/k as nothing/, config({ k: null })],
		[/d_sae as "many"/, config({ d_sae: "many" })],
		[/d_in as 1.5/, config({ d_in: 1.5 })],
		[
			/d_sae as 1000000000000; at most 89478485 latents of width 12/,
			config({ d_sae: 1e12 }),
		],
		[
			/normalize_activations as "whitened"; "none"/,
			config({ normalize_activations: "whitened" }),
		],
		[
			/reshape_activations as "square"/,
			config({ reshape_activations: "square" }),
		],
		[
			/W_enc with the shape \[12,30\], and cfg.json says \[12,31\]/,
			config({ d_sae: 31 }),
		],
		[
			/W_enc with the shape \[12,30\], and cfg.json says \[13,30\]/,
			config({ d_in: 13 }),
		],
		[
			/does not hold threshold, which a jumprelu/,
			config({ architecture: "jumprelu" }),
		],
		[
			/holds b_enc, which a gated SAE does not have/,
			config({ architecture: "gated" }),
		],
		[
			/holds threshold, which a topk SAE does not/,
			tensors({ threshold: numbers(30) }),
		],
		[
			/holds W_skip, which a topk SAE does not/,
			tensors({ W_skip: numbers(144) }),
		],
		[
			/does not hold b_dec, which a topk SAE needs/,
			tensors({ b_dec: undefined }),
		],
		[
			/a value in b_enc that is no finite/,
			tensors({ b_enc: numbers(30, Number.NaN) }),
		],
		[
			/a value in b_dec that is no finite/,
			tensors({ b_dec: numbers(12, Number.NEGATIVE_INFINITY) }),
		],
		[
			/sparsity.safetensors .* 30 values/,
			(folder) =>
				writeSafetensors(join(folder, "sparsity.safetensors"), {
					sparsity: numbers(29),
				}),
		],
	];
	for (const [message, spoil] of cases) {
		const folder = saved(someSae("topk"));
		spoil(folder);
		await assert.rejects(loadSae(folder), (error: Error) => {
			assert.match(error.message, message);
			assert.match(error.message, /^[^\n]*\.$/);
			assert.ok(error.message.length < 1000, error.message);
			return true;
		});
	}
});

test("texts of a config are cut to a length and rid of control characters", async () => {
	const folder = saved(someSae("topk"));
	const { metadata } = readConfig(folder);
	editConfig(folder, {
		metadata: {
			...metadata,
			model_name: `gpt2\n\u0000\u2028${"x".repeat(5000)}`,
			hook_name: ["not", "a text"],
			context_size: -1,
			seed: "seven",
			dataset_path: { deep: "x" },
		},
	});
	const { cfg } = await loadSae(folder);
	assert.equal(cfg.model_name.length, 300);
	assert.match(cfg.model_name, /^gpt2\?\?\?x+$/);
	assert.equal(cfg.hook_name, "");
	assert.deepEqual(
		[cfg.context_size, cfg.seed, cfg.dataset_path],
		[undefined, undefined, undefined],
	);
});

test("a config that is nested thousandfold does no harm", async () => {
	const deep = `${"[".repeat(100_000)}${"]".repeat(100_000)}`;
	for (const name of ["architecture", "metadata", "k"]) {
		const folder = saved(someSae("topk"));
		const json = readFileSync(join(folder, "cfg.json"), "utf8").trim();
		writeFileSync(
			join(folder, "cfg.json"),
			`${json.slice(0, -1)}, "${name}": ${deep}}`,
		);
		const outcome = await loadSae(folder).catch((error: Error) => error);
		if (outcome instanceof Error) assert.match(outcome.message, /as a list;/);
		else assert.equal(outcome.cfg.model_name, "");
	}
});

test("a tensor that is not known is left out, with a warning that the latents carry on", async () => {
	const folder = saved(someSae("topk"));
	editTensors(folder, { W_extra: numbers(4) });
	const sae = await loadSae(folder);
	assert.match(sae.warnings?.[0] ?? "", /holds "W_extra", .* left out/);
	const latents = await sae.encode(activations(someRows(3), 12));
	assert.deepEqual(latents.warnings, sae.warnings);
});

test("an SAE inside a folder is found by its path there, and none outside", async () => {
	const folder = saved(someSae("topk"));
	const parent = join(folder, "..");
	assertSame(await loadSae(parent, "sae"), someSae("topk"));
	mkdirSync(join(parent, "empty"));
	await assert.rejects(loadSae(parent, "empty"), /empty has no cfg.json/);
	for (const id of ["../sae", "/etc", "a/../../sae", "\0"])
		await assert.rejects(loadSae(parent, id), /give a relative path/);
	await assert.rejects(
		loadSae(folder, undefined, { revision: "main" }),
		/is a folder, which has no revision "main"/,
	);
	assert.ok(statSync(folder).isDirectory());
});

test("a file says what hook_normalized is in it, and an older one that does not is told", async () => {
	const hook_name = "blocks.3.ln2.hook_normalized";
	const ours = { hook_name, model_fingerprint: "f".repeat(64) };
	const folder = saved(someSae("topk", ours));
	assert.equal((await loadSae(folder)).warnings, undefined);
	const { metadata } = readConfig(folder);
	assert.equal(metadata.hook_normalized, "before gain and shift");
	delete metadata.hook_normalized;
	editConfig(folder, { metadata });
	const older = (await loadSae(folder)).warnings?.join(" ") ?? "";
	assert.match(
		older,
		/older version, whose .* was after .*"blocks\.3\.ln2\.hook_out"/,
	);
	delete metadata.model_fingerprint;
	editConfig(folder, { metadata });
	assert.equal((await loadSae(folder)).warnings, undefined); // SAELens 6
	editConfig(folder, { metadata: { ...metadata, sae_lens_version: "5.3.0" } });
	const theirs = (await loadSae(folder)).warnings?.join(" ") ?? "";
	assert.match(theirs, /SAELens 5\.3\.0, whose TransformerLens had/);
});
