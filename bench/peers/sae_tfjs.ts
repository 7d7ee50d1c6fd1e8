/** TensorFlow.js' side of bench/suites/train.ts: the textbook losses, differentiated automatically, and its own Adam. */
import type * as Tf from "@tensorflow/tfjs";
import { random } from "../../src/random";
import { loadTfjs } from "../../src/sae";
import { architectures } from "../../src/sae/architectures";
import type { SaeTensors } from "../../src/sae/architectures/textbook";
import { trainSettings } from "../../src/sae/training/options";
import type { SaeSizes } from "../suites/train";
import { timed } from "../turns";
import { serve, settings } from "./serve";

async function main(): Promise<void> {
	const { architecture, d_in, d_sae, batch, k } = settings<SaeSizes>();
	const { tf, backend } = await loadTfjs();
	const draw = random(0);
	const numbers = Float32Array.from({ length: batch * d_in }, () =>
		draw.normal(),
	);
	const x = tf.tensor2d(numbers, [batch, d_in]);
	const W_dec = tf.randomNormal([d_sae, d_in], 0, d_in ** -0.5) as Tf.Tensor2D;
	const start = [W_dec.transpose(), tf.zeros([d_sae]), W_dec, tf.zeros([d_in])];
	const { loss, parameters } = architectures[architecture];
	const variables = parameters.map((p, i) => [p, tf.variable(start[i])]);
	const w = Object.fromEntries(variables) as unknown as SaeTensors;
	const given = { architecture, d_sae, k, train_batch_size_tokens: batch };
	const now = {
		coefficient: 1,
		dead: tf.zeros([d_sae]) as Tf.Tensor1D,
		settings: trainSettings(given, batch),
	};
	const adam = tf.train.adam(0.001);
	await serve(
		{ tfjs: `${tf.version.tfjs} (${backend})` },
		timed(async () => {
			tf.tidy(() => void adam.minimize(() => loss(tf, x, w, now).total));
			await w.b_dec.data();
		}).run,
	);
}

main();
