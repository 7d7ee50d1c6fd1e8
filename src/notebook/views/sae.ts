import type { Latents, Sae, SaeEvaluation, TrainingHistory } from "../../sae";
import type { Html } from "../html";
import { type Cell, fields, table } from "../table";

/** What an autoencoder is and how its training ended. */
export function saeView({ cfg, history, seconds, stopped }: Sae): Html {
	const last = history?.records.at(-1);
	return fields(
		`Sparse autoencoder for ${cfg.hook_name} of ${cfg.model_name}`,
		[
			["architecture", cfg.architecture],
			["d_in", cfg.d_in],
			["d_sae (latents)", cfg.d_sae],
			["k (active latents per token)", cfg.k],
			["explained variance in training", last?.explained_variance],
			["L0 in training (latents per token)", last?.l0],
			["dead latents in training", last?.dead],
			["tokens seen", last?.tokens],
			["time (s)", seconds || undefined],
			["stopped", stopped],
		],
	);
}

/** About ten records of a training, the last among them. */
export function trainingView({ architecture, records }: TrainingHistory): Html {
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
			caption: `Training of a ${architecture} sparse autoencoder, ${records.length} records`,
		},
	);
}

/** How many latents fire. */
export function latentsView(latents: Latents): Html {
	const n = latents.indptr.length - 1;
	const fired = new Set(latents.indices).size;
	return fields(`Latents of ${latents.acts.hook_name}`, [
		["tokens", n],
		["d_sae (latents)", latents.d_sae],
		["L0 (active latents per token)", n ? latents.indices.length / n : 0],
		["latents that never fire here", latents.d_sae - fired],
	]);
}

/** Every number of an evaluation with its unit. */
export function evaluationView(evaluation: SaeEvaluation): Html {
	const units: Record<string, string> = {
		l0: "latents per token",
		ce_loss_with_sae: "nats per token",
		ce_loss_without_sae: "nats per token",
		ce_loss_with_ablation: "nats per token",
		seconds: "s",
	};
	const rows = Object.entries(evaluation).flatMap(
		([name, value]): [string, Cell][] =>
			typeof value === "number"
				? [[units[name] ? `${name} (${units[name]})` : name, value]]
				: [],
	);
	return fields("How well the autoencoder reconstructs", rows);
}
