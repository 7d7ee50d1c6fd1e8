import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, beforeEach, test } from "node:test";
import { patience } from "../../../src/hub/retry";
import { type Progress, setProgressSink } from "../../../src/progress";
import { loadSae } from "../../../src/sae";
import { isRelease, pretrainedSae } from "../../../src/sae/files/pretrained";
import { trainedOnJson } from "../../../src/sae/files/trained-on";
import { type FakeRepository, startHub, useHub } from "../../hub/server";
import { temporaryFolder } from "../../tiny";
import { someSae } from "../random-sae";

const { folder, remove } = temporaryFolder();

/** The files of a saved SAE, below a path of a repository. */
function files(path: string, change: Record<string, unknown> = {}) {
	const to = join(folder, "made", path);
	const density = new Float32Array(30).fill(0.25);
	someSae("standard", { model_name: "gpt2-small" }).save(to, { density });
	const cfg = JSON.parse(readFileSync(join(to, "cfg.json"), "utf8"));
	return {
		[`${path}/cfg.json`]: JSON.stringify({ ...cfg, ...change }),
		[`${path}/sae_weights.safetensors`]: readFileSync(
			join(to, "sae_weights.safetensors"),
		),
		[`${path}/sparsity.safetensors`]: readFileSync(
			join(to, "sparsity.safetensors"),
		),
		[`${path}/trainer_state.pt`]: "a pickle",
		[`${path}/runner_cfg.json`]: "{}",
	};
}

/** The config of a res-jb SAE, as far as it matters. */
const resJb = {
	metadata: undefined,
	architecture: undefined,
	normalize_activations: undefined,
	model_name: "gpt2-small",
	hook_point: "blocks.8.hook_resid_pre",
	context_size: 128,
};

const without = (all: Record<string, Buffer | string>, ...names: string[]) =>
	Object.fromEntries(
		Object.entries(all).filter(
			([name]) => !names.some((n) => name.endsWith(n)),
		),
	);

const none = { train: 1, validation: 0, test: 0 };
const trained_on = {
	split: {
		...{ given: true, made: false, by: "text" as const, test_in_training: 0 },
		...{ sentences: none, units: none },
	},
	texts: Float64Array.of(17),
};

const repositories: Record<string, FakeRepository> = {
	"models/jbloom/GPT2-Small-SAEs-Reformatted": {
		files: files("blocks.8.hook_resid_pre", resJb),
	},
	"models/org/saes": {
		files: {
			...files("a/b"),
			...without(files("bare"), "sparsity.safetensors"),
			...files("scaled", { normalize_activations: "expected_average_only_in" }),
			"scaled/activation_scaler.json": '{"scaling_factor": 2}',
			...without(files("config-only"), ".safetensors"),
			"old/ae.pt": "a pickle",
			"layer_0.pt": "a pickle",
		},
		branches: ["main", "v2"],
	},
	"models/org/flat": {
		files: {
			...Object.fromEntries(
				Object.entries(files("x")).map(([name, text]) => [name.slice(2), text]),
			),
			"trained_on.json": trainedOnJson(trained_on),
		},
	},
};
const setup = startHub(repositories);
after(async () => {
	setProgressSink(undefined);
	await (await setup).stop();
	remove();
});
let caches = 0;
beforeEach(async () => {
	const hub = await setup;
	useHub(hub, join(folder, `cache-${caches++}`));
	hub.seen.length = 0;
	hub.fault = () => undefined;
	Object.assign(patience, { attempts: 3, first_wait_ms: 1 });
	setProgressSink(undefined);
});

const own = someSae("standard");

test("an SAE of a release is fetched by its id, once, and is centred as its release needs", async () => {
	const hub = await setup;
	const progress: Progress[] = [];
	setProgressSink((one) => progress.push(one));
	const load = () => loadSae("gpt2-small-res-jb", "blocks.8.hook_resid_pre");
	const sae = await load();
	assert.deepEqual(sae.W_enc, own.W_enc);
	assert.equal(sae.warnings, undefined);
	assert.equal(sae.cfg.center_writing_weights, true);
	assert.equal(sae.cfg.prepend_bos, true);
	assert.equal(sae.cfg.context_size, 128);
	assert.equal(sae.cfg.hook_name, "blocks.8.hook_resid_pre");
	assert.equal(sae.cfg.neuronpedia_id, "gpt2-small/8-res-jb");
	assert.equal(sae.log_sparsity?.length, 30);
	assert.ok(progress.length > 0);
	const names = hub.seen.map(({ path }) => path.split("?")[0]);
	assert.ok(!names.some((name) => /trainer_state|runner_cfg/.test(name)));
	hub.seen.length = 0;
	assert.deepEqual((await load()).W_dec, sae.W_dec);
	assert.equal(hub.seen.length, 0); // all of it is in the cache
	assert.deepEqual(
		(
			await loadSae("gpt2-small-res-jb", "blocks.8.hook_resid_pre", {
				offline: true,
			})
		).cfg,
		sae.cfg,
	);
});

test("any repository serves by its name and a path in it, or its top", async () => {
	assert.deepEqual((await loadSae("org/saes", "a/b")).W_enc, own.W_enc);
	assert.deepEqual((await loadSae("org/saes", "a/b/")).W_dec, own.W_dec);
	assert.deepEqual((await loadSae("org/flat")).b_dec, own.b_dec);
	const bare = await loadSae("org/saes", "bare", { revision: "v2" });
	assert.equal(bare.log_sparsity, undefined);
	assert.equal(bare.cfg.center_writing_weights, undefined);
	const scaled = await loadSae("org/saes", "scaled");
	assert.equal(scaled.W_enc[5], 2 * own.W_enc[5]);
	assert.equal(scaled.warnings, undefined);
});

test("what an SAE of the hub was trained on is known where its repository says it", async () => {
	const seen = (await loadSae("org/flat")).trained_on;
	assert.deepEqual(seen, trained_on);
	assert.equal((await loadSae("org/saes", "a/b")).trained_on, undefined);
});

test("what the user says of an SAE goes over what its release says", async () => {
	const { cfg } = await loadSae(
		"gpt2-small-res-jb",
		"blocks.8.hook_resid_pre",
		{
			config_overrides: {
				center_writing_weights: false,
				model_name: undefined,
			},
		} as object,
	);
	assert.equal(cfg.center_writing_weights, false);
	assert.equal(cfg.model_name, "gpt2-small");
});

test("a download that breaks off goes on, and one that came wrong is fetched again", async () => {
	const hub = await setup;
	let broken = 0;
	hub.fault = ({ method, host }) =>
		method === "GET" && host === "cdn" && broken++ === 0
			? { drop_after: 1000 }
			: undefined;
	const sae = await loadSae("org/saes", "a/b");
	assert.deepEqual(sae.W_dec, own.W_dec);
	assert.ok(hub.seen.some(({ headers }) => headers.range === "bytes=1000-"));
});

test("without a network only what was fetched is there, and one sentence says so", async () => {
	const offline = { offline: true };
	await assert.rejects(
		loadSae("org/saes", "a/b", offline),
		/does not have .*"org\/saes".* network is switched off/,
	);
	await loadSae("org/saes", "a/b");
	assert.ok(await loadSae("org/saes", "a/b", offline));
});

test("an abort ends the download with its reason", async () => {
	const signal = AbortSignal.abort(new Error("enough"));
	await assert.rejects(loadSae("org/saes", "a/b", { signal }), /enough/);
});

test("a release, an id, a path or a repository that is not there gets one sentence, with the nearest names", async () => {
	const cases: [RegExp, string, string?, object?][] = [
		[
			/nor a release of SAEs; near names are "gpt2-small-res-jb"/,
			"gpt2-small-res-bj",
			"x",
		],
		[
			/no SAE "blocks.12.hook_resid_pre"; near names are "blocks.1.hook_resid_pre"|no SAE "blocks.12.hook_resid_pre"; near names are "blocks.\d+.hook_resid_pre"/,
			"gpt2-small-res-jb",
			"blocks.12.hook_resid_pre",
		],
		[
			/has 13 SAEs: give the id of one as well, such as "blocks.0.hook_resid_pre"/,
			"gpt2-small-res-jb",
		],
		[
			/no SAE at "a\/c" of "org\/saes", a folder with .*; near names are "a\/b"/,
			"org/saes",
			"a/c",
		],
		[
			/no SAE at "org\/saes", a folder with .*; near names are "a\/b", "bare"/,
			"org/saes",
		],
		[/no SAE at "config-only"/, "org/saes", "config-only"],
		[
			/"old" of "org\/saes" is a pickle \("old\/ae.pt"\), which can run code/,
			"org/saes",
			"old",
		],
		[/"layer_0.pt" of "org\/saes" is a pickle/, "org/saes", "layer_0.pt"],
		[/does not exist/, "org/nothing", "x"],
		[
			/no revision "v3"; near names are "v2"/,
			"org/saes",
			"a/b",
			{ revision: "v3" },
		],
		[/its weights are pickles/, "gpt2-small-hook-z-kk", "blocks.0.hook_z"],
		[/":" in their names/, "gpt2-small-mlp-tm", "blocks.0.hook_mlp_out"],
	];
	for (const [message, from, id, options] of cases)
		await assert.rejects(loadSae(from, id, options), (error: Error) => {
			assert.match(error.message, message);
			assert.match(error.message, /^[^\n]*\.$/);
			return true;
		});
});

test("paths that lead out of a repository are asked of nobody", async () => {
	const hub = await setup;
	for (const id of [
		"../x",
		"/etc",
		"a/../../b",
		"a\\b",
		"a\0",
		"x".repeat(2000),
	])
		await assert.rejects(
			loadSae("org/saes", id),
			/not the name of a file inside/,
		);
	for (const from of ["../x/y", "a//b", "org/..", "https://x/y", "a\0/b", ""])
		await assert.rejects(loadSae(from, "a"), /is neither a folder/);
	assert.equal(hub.seen.length, 0);
});

test("a file of the hub that is no config of an SAE gets a sentence that names the SAE", async () => {
	const { files: all } = repositories["models/org/flat"];
	repositories["models/org/broken"] = { files: { ...all, "cfg.json": "[]" } };
	await assert.rejects(
		loadSae("org/broken"),
		/The cfg.json in "org\/broken" is no JSON object/,
	);
	repositories["models/org/other"] = {
		files: { ...all, "cfg.json": '{"architecture": "crosscoder"}' },
	};
	await assert.rejects(
		loadSae("org/other"),
		/in "org\/other" gives architecture as "crosscoder"/,
	);
});

test("a folder that is called as a release is loaded where no id is given", async () => {
	const before = process.cwd();
	const here = join(folder, "here");
	mkdirSync(here);
	own.save(join(here, "gpt2-small-res-jb"));
	process.chdir(here);
	try {
		assert.deepEqual((await loadSae("gpt2-small-res-jb")).W_enc, own.W_enc);
		writeFileSync(join(here, "a-file"), "");
		await assert.rejects(
			loadSae("a-file"),
			/"a-file" is a file, where a folder/,
		);
	} finally {
		process.chdir(before);
	}
});

test("the releases are where SAELens' list has them", () => {
	const at = (name: string, id: string) => {
		const { repo, path, config_overrides } = pretrainedSae(name, id);
		return [repo, path, config_overrides.neuronpedia_id].join(" ");
	};
	const rows: [string, string, string][] = [
		[
			"gpt2-small-res-jb",
			"blocks.11.hook_resid_post",
			"jbloom/GPT2-Small-SAEs-Reformatted blocks.11.hook_resid_post gpt2-small/12-res-jb",
		],
		[
			"gpt2-small-res-jb-feature-splitting",
			"blocks.8.hook_resid_pre_768",
			"jbloom/GPT2-Small-Feature-Splitting-Experiment-Layer-8 blocks.8.hook_resid_pre_768 gpt2-small/8-res_fs768-jb",
		],
		[
			"gpt2-small-resid-post-v5-32k",
			"blocks.6.hook_resid_post",
			"jbloom/GPT2-Small-OAI-v5-32k-resid-post-SAEs v5_32k_layer_6.pt gpt2-small/6-res_post_32k-oai",
		],
		[
			"gpt2-small-resid-post-v5-128k",
			"blocks.6.hook_resid_post",
			"jbloom/GPT2-Small-OAI-v5-128k-resid-post-SAEs v5_128k_layer_6 gpt2-small/6-res_post_128k-oai",
		],
		[
			"gpt2-small-attn-out-v5-32k",
			"blocks.0.hook_attn_out",
			"jbloom/GPT2-Small-OAI-v5-32k-attn-out-SAEs v5_32k_layer_0 gpt2-small/0-att_32k-oai",
		],
		[
			"gpt2-small-mlp-out-v5-128k",
			"blocks.11.hook_mlp_out",
			"jbloom/GPT2-Small-OAI-v5-128k-mlp-out-SAEs v5_128k_layer_11 gpt2-small/11-mlp_128k-oai",
		],
		[
			"gpt2-small-resid-mid-v5-32k",
			"blocks.3.hook_resid_mid",
			"jbloom/GPT2-Small-OAI-v5-32k-resid-mid-SAEs v5_32k_layer_3 gpt2-small/3-res_mid_32k-oai",
		],
		[
			"gpt2-small-res_slefr-ajt",
			"blocks.10.hook_resid_pre",
			"neuronpedia/gpt2-small__res_slefr-ajt 10-res_slefr-ajt gpt2-small/10-res_slefr-ajt",
		],
	];
	for (const [name, id, where] of rows) assert.equal(at(name, id), where);
	const centred = (name: string, id: string) =>
		pretrainedSae(name, id).config_overrides.center_writing_weights;
	assert.equal(centred(rows[0][0], rows[0][1]), true);
	assert.equal(centred(rows[1][0], rows[1][1]), true);
	for (const [name, id] of rows.slice(2))
		assert.equal(centred(name, id), undefined);
	assert.ok(isRelease("gpt2-small-hook-z-kk") && !isRelease("constructor"));
});
