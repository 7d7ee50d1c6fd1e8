import { ownPosition } from "./batch";
import type { Gpt2 } from "./run";
import { severalTokens } from "./tokens";
import type { Metric, TokenBatch, TokenChoice } from "./types";

/** One row of logits that a metric reads. A text's metric is Σ weight · value over its rows. */
export interface MetricRow {
	text: number;
	position: number;
	token: number;
	/** The token whose logit is taken off, in a logit difference. */
	versus: number;
	weight: number;
}

type Reader = Pick<Gpt2, "info" | "toTokens" | "decode">;

/**
 * The rows that a metric reads of each text, text by text.
 * Throws on a text that is not one token, an id or a position that does not exist, or a list of the wrong length.
 */
export function metricRows(
	model: Reader,
	tokens: TokenBatch,
	metric: Metric,
): MetricRow[] {
	const { batch } = tokens;
	const texts = Array.from({ length: batch }, (_, text) => text);
	if (metric?.type === "loss")
		return texts.flatMap((b) => predicted(tokens, b));
	const types = ["logit", "logit_difference", "probability", "log_probability"];
	if (!types.includes(metric?.type))
		throw new Error(
			`There is no metric ${JSON.stringify(metric?.type ?? metric)}: a metric's type is "loss", "${types.join('", "')}".`,
		);
	const own = chooseTokens(model, batch, "token", metric.token);
	const versus =
		metric.type === "logit_difference"
			? chooseTokens(model, batch, "versus", metric.versus)
			: own;
	return texts.map((text) => {
		const asked = metric.position ?? -1;
		const position = ownPosition(tokens, text, asked, "The metric");
		return {
			text,
			position,
			token: own[text],
			versus: versus[text],
			weight: 1,
		};
	});
}

/** Every position of a text that predicts the next; each weighs the same. */
function predicted(
	{ ids, lengths, seq }: TokenBatch,
	text: number,
): MetricRow[] {
	const count = lengths[text] - 1;
	if (count < 1)
		throw new Error(
			`The loss needs texts of at least 2 tokens, and text ${text} has ${lengths[text]}.`,
		);
	return Array.from({ length: count }, (_, position) => {
		const token = ids[text * seq + position + 1];
		return { text, position, token, versus: token, weight: 1 / count };
	});
}

/** The id for each text. */
function chooseTokens(
	model: Reader,
	batch: number,
	field: "token" | "versus",
	choice: TokenChoice | undefined,
): number[] {
	if (choice === undefined)
		throw new Error(
			`The metric has no ${field}; give an id, a text that is one token, or a list with one of those for each text.`,
		);
	if (!Array.isArray(choice))
		return new Array<number>(batch).fill(tokenId(model, field, choice));
	if (choice.length !== batch)
		throw new Error(
			`The metric's ${field} is a list of ${choice.length}, where one for each of the ${batch} texts is needed.`,
		);
	return choice.map((one) => tokenId(model, field, one));
}

function tokenId(
	{ info, toTokens, decode }: Reader,
	field: string,
	choice: number | string,
): number {
	if (typeof choice === "number") {
		if (Number.isInteger(choice) && choice >= 0 && choice < info.d_vocab)
			return choice;
		throw new Error(
			`The metric's ${field} is ${choice}, but the ids of "${info.name}" are 0 to ${info.d_vocab - 1}.`,
		);
	}
	const { ids } = toTokens(choice, { prepend_bos: false, truncate: false });
	if (ids.length === 1) return ids[0];
	const tokens = Array.from(ids, (id) => decode(id));
	throw new Error(
		`The metric's ${field} ${JSON.stringify(choice)} is ${severalTokens(tokens)}, where exactly one is needed; give one of them, or an id.`,
	);
}
