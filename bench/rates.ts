/**
 * What the default learning rates rest on: trains on layer 5 of the bundled model at several rates, widths, budgets and
 * seeds, and measures on the test split.
 *
 *     npm run rates [-- <architecture> …]
 *
 * Each measurement is added to out/rates.jsonl at once, and what stands there is not measured again: it can be interrupted
 * and goes on. At the end the table of all that stands there goes to bench/results/rates.md.
 */
import {
	appendFileSync,
	existsSync,
	mkdirSync,
	readFileSync,
	writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { type Activations, extract } from "../src/activations";
import { loadSentences, selectSentences } from "../src/dataset";
import { factorLatents } from "../src/features";
import { loadModel } from "../src/model";
import { type Architecture, reconstructionMetrics, trainSae } from "../src/sae";
import {
	type Measured,
	plans,
	type RatePlan,
	ratesPage,
	sameMeasurement,
} from "./rates-table";

const hook_name = "blocks.5.hook_resid_post";
const file = join("out", "rates.jsonl");

/** Rows to train on, rows to measure on, and rows of both whose sentences have labels. */
interface Rows {
	train: Activations;
	test: Activations;
	labeled: Activations;
}

async function tinyRows(): Promise<Rows> {
	const model = await loadModel("tiny-gpt2");
	const all = await loadSentences("bundled");
	const part = (chosen: (split: string | undefined, i: number) => boolean) =>
		extract(
			model,
			selectSentences(all, (i) => chosen(all.split?.[i], i)),
			{ hook_name },
		);
	const rows = {
		train: await part((split) => split === "train"),
		test: await part((split) => split === "test"),
		labeled: await part(
			(split, i) => split === "test" || (split === "train" && i % 8 === 0),
		),
	};
	await model.dispose();
	return rows;
}

async function measure(plan: RatePlan, rows: Rows): Promise<Measured> {
	const sae = await trainSae(rows.train, {
		...plan,
		device: "cpu",
		onRecord: () => undefined,
	});
	const latents = await sae.encode(rows.test);
	const { d_in } = rows.test;
	const metrics = reconstructionMetrics(d_in);
	const n = rows.test.n_tokens;
	for (let from = 0; from < n; from += 4096) {
		const to = Math.min(n, from + 4096);
		metrics.add(
			(rows.test.data as Float32Array).subarray(from * d_in, to * d_in),
			sae.decode(latents, { from, to }),
		);
	}
	const fired = new Set(latents.indices);
	const f1 = await f1Of(await sae.encode(rows.labeled));
	return {
		...plan,
		fvu: metrics.result().fvu,
		l0: latents.indices.length / n,
		dead: plan.d_sae - fired.size,
		f1,
	};
}

/** Mean over the factors of how well their classes' best latents tell them. */
async function f1Of(latents: Parameters<typeof factorLatents>[0]) {
	const { factors } = await factorLatents(latents);
	return factors.reduce((sum, { f1 }) => sum + f1, 0) / factors.length;
}

async function main(): Promise<void> {
	const names = process.argv.slice(2);
	const known = [...new Set(plans.map(({ architecture }) => architecture))];
	const wrong = names.find((name) => !known.includes(name as Architecture));
	if (wrong !== undefined)
		throw new Error(
			`There is no plan for "${wrong}": give some of ${known.join(", ")}, or none for all of them.`,
		);
	mkdirSync("out", { recursive: true });
	const done = measured();
	const rows = await tinyRows();
	for (const plan of plans) {
		if (names.length && !names.includes(plan.architecture)) continue;
		if (done.some((m) => sameMeasurement(m, plan))) continue;
		const started = performance.now();
		const one = await measure(plan, rows);
		done.push(one);
		appendFileSync(file, `${JSON.stringify(one)}\n`);
		const seconds = Math.round((performance.now() - started) / 1000);
		console.error(`${JSON.stringify(one)} ${seconds} s`);
	}
	writeFileSync(join(__dirname, "results", "rates.md"), ratesPage(done));
}

function measured(): Measured[] {
	if (!existsSync(file)) return [];
	const lines = readFileSync(file, "utf8").split("\n").filter(Boolean);
	return lines.map((line) => JSON.parse(line) as Measured);
}

main().catch((error) => {
	console.error((error as Error).message);
	process.exitCode = 1;
});
