import { splitWords } from "../../dataset";
import type { Latents, Sae, Sweep, TrainingHistory } from "../../sae";
import { several } from "../../say";
import type { Html } from "../html";
import { type Cell, fields, table } from "../table";

/** What an autoencoder is and how its training ended. */
export function saeView(sae: Sae): Html {
	const { cfg, history, seconds, stopped, log_sparsity, warnings } = sae;
	const last = history?.records.at(-1);
	return fields(
		`Sparse autoencoder for ${cfg.hook_name} of ${cfg.model_name}`,
		[
			["architecture", cfg.architecture],
			["trained as", cfg.trained_as],
			["d_in", cfg.d_in],
			["d_sae (latents)", cfg.d_sae],
			["k (active latents per token)", cfg.k],
			[
				"rows are scaled first",
				cfg.normalize_activations === "none"
					? undefined
					: cfg.normalize_activations,
			],
			["each row's mean is taken out", cfg.center_writing_weights && "yes"],
			["trained with BOS in front", cfg.prepend_bos ? "yes" : "no"],
			["trained on contexts of (tokens)", cfg.context_size],
			["data set", cfg.dataset_path],
			["dashboard on Neuronpedia", cfg.neuronpedia_id],
			["latents that never fired", log_sparsity?.filter(isDead).length],
			["explained variance of the rows trained on", last?.explained_variance],
			["… of validation rows", last?.validation?.explained_variance],
			["L0 in training (latents per token)", last?.l0],
			[
				`dead latents in training${last?.dead === null ? " (too few steps to count them)" : ""}`,
				last?.dead,
			],
			...checkRows(history?.check),
			["learning rate", rateWords(history)],
			["tokens seen", last?.tokens],
			["different ones among them", history?.n_rows],
			["rounds over them", history?.rounds],
			["held out", heldOut(sae)],
			["time (s)", seconds || undefined],
			["stopped", stopped],
			...warningRows([...(history?.notes ?? []), ...(warnings ?? [])]),
		],
	);
}

/** What was not trained on. */
function heldOut({ trained_on }: Sae): string | undefined {
	return trained_on && splitWords(trained_on.split);
}

/** What the SAE that came out does, where it was trained here. */
function checkRows(check: TrainingHistory["check"]): [string, Cell][] {
	if (!check) return [];
	const rows = `${check.whole ? "" : "a sample of "}${several(check.n_rows, "training row")}`;
	return [
		[`L0 as it came out, on ${rows}`, check.l0],
		[
			`latents that fire on none of ${check.n_rows === 1 ? "it" : "them"}`,
			check.silent,
		],
	];
}

function warningRows(warnings: string[] = []): [string, Cell][] {
	return warnings.map((warning) => ["warning", warning]);
}

/** In `log_sparsity` a latent that never fired is −10. */
function isDead(log: number): boolean {
	return log < -9;
}

/** The highest learning rate, and whether somebody chose it. */
function rateWords(history?: TrainingHistory): string | undefined {
	const { lr, lr_is_default } = history ?? {};
	return lr === undefined
		? undefined
		: `${Number(lr.toPrecision(3))}${lr_is_default ? " (default for this architecture and width)" : ""}`;
}

/** About ten records of a training, the last among them. */
export function trainingView(history: TrainingHistory): Html {
	const { architecture, records, n_rows, rounds, notes = [] } = history;
	const rate = rateWords(history);
	const step = Math.max(1, Math.ceil(records.length / 10));
	const shown = records.filter((_, i) => (records.length - 1 - i) % step === 0);
	return table(
		[
			"step",
			"tokens",
			"loss",
			"explained variance",
			"L0",
			"dead latents",
			"time (s)",
		],
		shown.map((r) => [
			r.step,
			r.tokens,
			r.loss,
			r.explained_variance,
			r.l0,
			r.dead,
			r.seconds,
		]),
		{
			caption: [
				`Training of a ${architecture} sparse autoencoder, ${several(records.length, "record")} of the rows trained on`,
				...(n_rows && rounds
					? [
							`${rounds.toLocaleString("en-US", { maximumSignificantDigits: 3 })} ${rounds === 1 ? "round" : "rounds"} over ${several(n_rows, "token")}`,
						]
					: []),
				...(rate ? [`Learning rate ${rate}`] : []),
				...notes,
			].join(". "),
		},
	);
}

/** What each SAE of a sweep was trained with, and how its training ended. */
export function sweepView({ names, runs, failed, stopped }: Sweep): Html {
	const values = (run: Pick<Sweep["runs"][number], "varied" | "hook_name">) =>
		names.map((name) =>
			String({ ...run.varied, hook_name: run.hook_name }[name as "hook_name"]),
		);
	const ended = [stopped, failed.length && `${failed.length} failed`];
	return table(
		[...names, "explained variance", "L0", "dead latents", "tokens", "ended"],
		[
			...runs.map((run): Cell[] => {
				const last = run.sae.history.records.at(-1);
				return [
					...values(run),
					last?.explained_variance,
					last?.l0,
					last?.dead,
					last?.tokens,
					run.sae.stopped ?? "whole",
				];
			}),
			...failed.map((run): Cell[] => [
				...values(run),
				undefined,
				undefined,
				undefined,
				undefined,
				run.why,
			]),
		],
		{
			caption: [
				`A sweep of ${several(runs.length + failed.length, "SAE")}`,
				...ended,
				"measured on training rows",
			]
				.filter(Boolean)
				.join(", "),
		},
	);
}

/** How many stored values are looked at for latents that never fire. */
const looked_at = 32_000_000;

/** How many latents fire. */
export function latentsView(latents: Latents): Html {
	const n = latents.indptr.length - 1;
	const fired = new Uint8Array(latents.d_sae);
	for (const latent of latents.indices.subarray(0, looked_at))
		fired[latent] = 1;
	const silent = n ? fired.reduce((count, one) => count + 1 - one, 0) : null;
	const all = latents.indices.length <= looked_at;
	return fields(`Latents of ${latents.acts.hook_name}`, [
		["tokens", n],
		["d_sae (latents)", latents.d_sae],
		["L0 (active latents per token)", n ? latents.indices.length / n : null],
		[
			`latents that never fire ${all ? "here" : `in the first ${looked_at.toLocaleString("en-US")} values`}`,
			silent,
		],
		...warningRows(latents.warnings),
	]);
}
