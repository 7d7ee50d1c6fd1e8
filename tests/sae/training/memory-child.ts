/** Trains a few steps with the options given as JSON, and prints by how many bytes that raised the peak of the process. */
import {
	plantedDictionary,
	type TrainOptions,
	trainSae,
} from "../../../src/sae";

async function main(d_in: number, options: TrainOptions): Promise<void> {
	const n_tokens = 2 * (options.train_batch_size_tokens ?? 0);
	const { acts } = plantedDictionary({ n_tokens, d_in, d_true: 64, active: 4 });
	const before = process.memoryUsage().rss;
	await trainSae(acts, options);
	console.log(1024 * process.resourceUsage().maxRSS - before);
}

const { d_in, ...options } = JSON.parse(process.argv[2]);
void main(d_in, options);
