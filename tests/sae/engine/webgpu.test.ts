import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { after } from "node:test";
import { promisify } from "node:util";
import { architectures } from "../../../src/sae/architectures";
import { chooseDevice, openTrainee } from "../../../src/sae/engine/webgpu";
import { askChild, type Timing } from "../../../src/sae/engine/webgpu-child";
import { webgpuTrainee } from "../../../src/sae/engine/webgpu-trainee";
import type { Architecture } from "../../../src/sae/types";
import { settings, shape } from "../architectures/oracle";
import { assertSteps, begin, plans, rows } from "./webgpu-parity";

const names = Object.keys(architectures) as Architecture[];
for (const architecture of names)
	test(`six steps of the ${architecture} graph for a GPU are six of the CPU's trainee`, () =>
		assertSteps(architecture, "cpu"));

for (const architecture of names.filter((name) => architectures[name].revives))
	for (const dead of [[4], [...Array(30).keys()]])
		test(`so they are of ${architecture} with ${dead.length} dead latents to revive`, () =>
			assertSteps(architecture, "cpu", dead));

test("steps in one call are the same steps, call by call", async () => {
	const [together, alone] = await Promise.all(
		[0, 1].map(async () =>
			begin("topk", await webgpuTrainee("topk", shape, settings, "cpu")),
		),
	);
	together.x.set(rows);
	const expected = await together.step(plans);
	const n = shape.batch * shape.d_in;
	for (const [i, plan] of plans.entries()) {
		alone.x.set(rows.subarray(i * n, (i + 1) * n));
		assert.deepEqual(await alone.step([plan]), [expected[i]]);
	}
	assert.deepEqual(await alone.read(), await together.read());
	await together.release();
	await alone.release();
});

test("what is written to the trainee is read from it, and what is not given stays", async () => {
	const trainee = await webgpuTrainee("topk", shape, settings, "cpu");
	const b_dec = Float32Array.from({ length: shape.d_in }, (_, i) => i);
	await trainee.write({ tensors: { b_dec } });
	const { tensors } = await trainee.read();
	assert.deepEqual(tensors.b_dec, b_dec);
	assert.equal(tensors.v_W_enc.length, shape.d_in * shape.d_sae);
	assert.ok(tensors.v_W_enc.every((value) => value === 0));
	b_dec[0] = 7;
	assert.equal((await trainee.read()).tensors.b_dec[0], 0);
	await trainee.release();
});

/** No driver, but one is named, so that a machine that shows no processor is asked at all. */
const nothing = { VK_DRIVER_FILES: "none", VK_ICD_FILENAMES: "none" };
const { env } = process;
process.env = { ...env, ...nothing };
after(() => {
	process.env = env;
});

/** Answers as a process would. */
function answering(product: Timing | Error, steps: Timing | Error) {
	const asked: string[] = [];
	const ask: typeof askChild = async ({ ask }) => {
		asked.push(ask);
		const answer = ask === "product" ? product : steps;
		if (answer instanceof Error) throw answer;
		return answer;
	};
	return { asked, ask };
}

async function choose(
	product: Timing | Error,
	steps: Timing | Error,
	device: "auto" | "webgpu" = "auto",
) {
	const { asked, ask } = answering(product, steps);
	const run = () => chooseDevice("topk", shape, settings, { device, ask });
	const choice = await run();
	assert.deepEqual(await run(), choice);
	return { ...choice, asked };
}

test('"auto" takes the GPU only where its steps were faster, and asks once', async () => {
	const product = { cpu: 0.002, webgpu: 0.01 };
	const faster = await choose(product, { cpu: 0.02, webgpu: 0.0123 });
	assert.equal(faster.device, "webgpu");
	assert.match(faster.why, /CPU 20\.0 ms and the graphics processor 12\.3 ms/);
	assert.deepEqual(faster.asked, ["product", "steps"]);
	const slower = await choose(product, { cpu: 0.02, webgpu: 0.021 });
	assert.equal(slower.device, "cpu");
});

test('"auto" does not try steps on a hopelessly slow GPU', async () => {
	const product = { cpu: 0.002, webgpu: 0.9 };
	const { device, why, asked } = await choose(product, { cpu: 1, webgpu: 0 });
	assert.equal(device, "cpu");
	assert.match(why, /product/);
	assert.deepEqual(asked, ["product"]);
});

test('"auto" stays on the CPU whatever fails, and says what did', async () => {
	const fine = { cpu: 1, webgpu: 1 };
	for (const [product, steps] of [
		[new Error("no adapter"), fine],
		[fine, new Error("no adapter")],
	])
		assert.deepEqual(
			{ ...(await choose(product, steps)), asked: 0 },
			{ device: "cpu", why: "The CPU computes: no adapter.", asked: 0 },
		);
});

test('"webgpu" asks only whether a GPU computes, and throws where it does not', async () => {
	const slow = { cpu: 1, webgpu: 99 };
	const { device, asked } = await choose(slow, slow, "webgpu");
	assert.equal(device, "webgpu");
	assert.deepEqual(asked, ["product"]);
	await assert.rejects(
		choose(new Error("no adapter"), slow, "webgpu"),
		/^Error: Training on device "webgpu" is not possible: no adapter\. Use device "auto" or "cpu"\.$/,
	);
});

test('device "cpu" opens the CPU\'s own trainee', async () => {
	const trainee = await openTrainee("topk", shape, settings, "cpu");
	assert.equal(trainee.steps_per_call, 1);
	await trainee.release();
});

test("a driver that crashes or hangs takes only the process with it that was asked", async (t) => {
	const folder = mkdtempSync(join(tmpdir(), "sparselens-"));
	t.after(() => rmSync(folder, { recursive: true }));
	const file = join(folder, "driver.cjs");
	const question = { ask: "product" } as const;
	writeFileSync(file, "process.abort()");
	await assert.rejects(
		askChild(question, { file }),
		/the driver crashed \(SIGABRT\)/,
	);
	writeFileSync(file, "setInterval(() => {}, 1000)");
	await assert.rejects(
		askChild(question, { file, limit: 300 }),
		/more than 0.3 seconds/,
	);
	const signal = AbortSignal.timeout(200);
	await assert.rejects(askChild(question, { file, signal }), /abort/i);
});

test(
	"a machine without a GPU answers with the reason",
	{ skip: process.platform !== "linux" && "the GPU cannot be hidden here" },
	() => assert.rejects(askChild({ ask: "product" }), /adapter/),
);

/** Chromium brings a loader for Vulkan and a driver that imitates a graphics processor. */
const chromium = "/usr/lib/chromium";
const imitation = {
	LD_LIBRARY_PATH: chromium,
	VK_DRIVER_FILES: join(chromium, "vk_swiftshader_icd.json"),
};
const skip = existsSync(imitation.VK_DRIVER_FILES)
	? false
	: "no GPU, and no Chromium, which would imitate one";

for (const steps of ["matryoshka 0 3 17", "topk", "gated"])
	test(`on WebGPU itself, six steps (${steps}) are six of the CPU's trainee`, {
		skip,
	}, async () => {
		const file = join(__dirname, "webgpu-parity.ts");
		const { stdout, stderr } = await promisify(execFile)(
			process.execPath,
			["--import", "tsx", file, ...steps.split(" ")],
			{ env: { ...env, ...imitation } },
		);
		assert.equal(stdout + stderr, "");
	});
