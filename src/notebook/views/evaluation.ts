import { splitWords } from "../../dataset";
import { type SaeEvaluation, whyNoScore } from "../../sae";
import { several } from "../../say";
import type { Html } from "../html";
import { type Cell, table } from "../table";

type Named = keyof SaeEvaluation;

/** What is measured, in groups; each with its unit, or with what it says. */
const groups: [string, Partial<Record<Named, string>>][] = [
	[
		"reconstruction",
		{
			explained_variance: "0: no better than the mean, 1: perfect",
			explained_variance_legacy: "mean of each token's own",
			fvu: "1 − explained_variance",
			nmse: "mean of ‖x − x̂‖² / ‖x‖²",
			mse: "mean of ‖x − x̂‖²",
			cossim: "cosine of x and x̂",
		},
	],
	[
		"shrinkage",
		{
			l2_norm_in: "mean of ‖x‖",
			l2_norm_out: "mean of ‖x̂‖",
			l2_ratio: "mean of ‖x̂‖ / ‖x‖",
			relative_reconstruction_bias: "below 1: shrunk",
		},
	],
	[
		"the model's predictions",
		{
			ce_loss_without_sae: "nats per token",
			ce_loss_with_sae: "nats per token",
			ce_loss_with_ablation: "nats per token, with zeros",
			ce_loss_score: "0: no better than zeros, 1: nothing lost",
			kl_div_with_sae: "nats per token",
			kl_div_with_ablation: "nats per token, with zeros",
			kl_div_score: "0: no better than zeros, 1: nothing changed",
		},
	],
	[
		"latents",
		{
			l0: "active per token",
			l1: "sum of activations per token",
			dead_fraction: "never active on what was trained on (not known: on any)",
			mean_decoder_cosine: "to the nearest other latent",
		},
	],
	[
		"measured on",
		{
			n_sentences: "sentences",
			n_trained_on: "of them the autoencoder was trained on",
			n_tokens: "tokens",
			excluded: "special tokens, not counted",
			seconds: "s",
		},
	],
];

const variance = "no variance to explain: the rows are all alike";

/** Why a number is none, where tokens were counted. */
const reasons: Partial<Record<Named, string>> = {
	explained_variance: variance,
	explained_variance_legacy: variance,
	fvu: variance,
	nmse: "a row has no length to divide by",
	relative_reconstruction_bias: "reconstructions point away from the rows",
	mean_decoder_cosine: "there is no other latent",
	dead_fraction: "not known: the sentences have no train part",
};

/** A number and what it says, or a dash and why. */
function numberOf(
	evaluation: SaeEvaluation,
	name: Named,
	says: string,
): [Cell, string] {
	const value = evaluation[name] as number;
	const score = name === "ce_loss_score" || name === "kl_div_score";
	const why = score && whyNoScore(evaluation, name);
	if (why) return [null, why];
	if (Number.isFinite(value)) return [value, says + meanOver(evaluation, name)];
	if (!evaluation.n_tokens) return [null, "no token was counted"];
	return [null, reasons[name] ?? "not known"];
}

/** Over how many latents a mean is, where not all are in it. */
function meanOver({ decoder_cosine, d_sae }: SaeEvaluation, name: Named) {
	if (name !== "mean_decoder_cosine" || !decoder_cosine) return "";
	const known = decoder_cosine.filter((c) => !Number.isNaN(c)).length;
	return known < d_sae ? `, mean of ${several(known, "latent")}` : "";
}

/** Every number of an evaluation, grouped, and what it says. */
export function evaluationView(evaluation: SaeEvaluation): Html {
	const rows = groups.flatMap(([group, names]) =>
		Object.entries(names).flatMap(([name, says]): Cell[][] => {
			if (typeof evaluation[name as Named] !== "number") return [];
			return [[name, ...numberOf(evaluation, name as Named, says), group]];
		}),
	);
	const { hook_name, split, split_record, notes = [] } = evaluation;
	const where = [
		hook_name && ` at ${hook_name}`,
		split && `, ${split} split`,
		split_record && ` (${splitWords(split_record, split)})`,
		...notes.map((note) => `. ${note.replace(/\.$/, "")}`),
	];
	const warnings = (evaluation.warnings ?? []).map((warning): Cell[] => [
		"",
		"warning",
		undefined,
		warning,
	]);
	return table(
		["of", "metric", "value", "which is"],
		[
			...rows.map(([name, value, says, group], i): Cell[] => [
				rows[i - 1]?.[3] === group ? "" : group,
				name,
				value,
				says,
			]),
			...warnings,
		],
		{
			caption: `How well the autoencoder reconstructs${where.filter(Boolean).join("")}`,
		},
	);
}
