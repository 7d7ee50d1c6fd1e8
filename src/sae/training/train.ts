import type { Activations } from "../../activations";
import { untilInterrupted } from "../../interrupt";
import type { Sae, TrainOptions } from "../types";
import { trainAll } from "./run";

/**
 * Trains a sparse autoencoder on the rows of the train split in shuffled batches, for several epochs where
 * `training_tokens` asks for more rows than there are. Where the sentences have no split (or lack its test part) one is made
 * by \`seed\`, as everywhere in the library (\`splitSentences\`): what it is trained on is held out of what \`evaluate\` and
 * the probes of its latents measure on. With fewer than 10 different texts all rows are trained on, and \`history.notes\` says so. Activations in a
 * folder stay there: they are read once for what is said of all of them, then through `shuffled`.
 *
 * By default the rows are scaled to a mean norm of √d_in (SAELens' "expected_average_only_in"), and the scale is folded
 * into the biases at the end, so the SAE works on activations as they are. With a normalisation row by row the SAE does
 * the same to what it encodes, and mse, l1 and explained variance of its records are of the normalised rows.
 * b_dec starts at the rows' geometric median. Adam (0.9, 0.999), gradients clipped to length 1, learning rate with a
 * linear rise and fall. `TrainOptions` has the defaults; `architectures/` the equations; `resample.ts` how dead latents
 * are made anew.
 *
 * With `checkpoint_path` it can be killed at any time: `resume_from_checkpoint` goes on with the same options to the same
 * weights, bit for bit, as without the break (on the same machine and device). The rows that were served before are
 * left out quickly in memory, while from disk they are read again.
 *
 * On `signal`, by default the notebook's interrupt, it stops after the step at hand and returns what it has, marked
 * `stopped: "interrupted"`; with `checkpoint_path` it writes a checkpoint as well. Where there is nothing yet, it throws
 * the signal's reason.
 *
 * Throws, in one sentence, on an option that is unknown, out of range or at odds with another or the data, on values
 * that are not finite, where memory would not suffice, where a checkpoint is damaged or of another training, and where
 * the loss gets out of hand: then the last good checkpoint stays, and the sentence names it.
 */
export function trainSae(
	acts: Activations,
	options: TrainOptions,
): Promise<Sae> {
	return untilInterrupted(options.signal, async (signal) => {
		const [outcome] = await trainAll(acts, [options], signal);
		if ("error" in outcome) throw outcome.error;
		return outcome.sae;
	});
}
