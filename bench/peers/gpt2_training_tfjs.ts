/** TensorFlow.js' side of bench/suites/gpt2-training.ts: the textbook loss, differentiated automatically, and its own Adam. */
import { sizes } from "../../data/training/model-files";
import { weightShapes } from "../../src/model/backward";
import { loadTfjs } from "../../src/sae";
import { textbookLoss } from "../../tests/model/textbook-gpt2";
import { drawTexts } from "../suites/gpt2-training";
import { timed } from "../turns";
import { serve } from "./serve";

async function main(): Promise<void> {
	const { tf, backend } = await loadTfjs();
	const weights = Object.entries(weightShapes(sizes)).map(([name, shape]) =>
		tf.variable(
			name.includes("ln_") && name.endsWith("weight")
				? tf.ones(shape)
				: tf.randomNormal(shape, 0, 0.02),
			true,
			name,
		),
	);
	const byName = Object.fromEntries(weights.map((v) => [v.name, v]));
	const adam = tf.train.adam(1e-3, 0.9, 0.98);
	const texts = drawTexts();
	const loss = () =>
		textbookLoss(sizes, byName, texts).div(texts.ids.length) as ReturnType<
			typeof textbookLoss
		>;
	await serve(
		{ tfjs: `${tf.version.tfjs} (${backend})` },
		timed(async () => {
			const value = adam.minimize(loss, true);
			await value?.data();
			value?.dispose();
		}).run,
	);
}

main();
