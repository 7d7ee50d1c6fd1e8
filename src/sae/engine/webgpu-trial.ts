// Run in a process of its own by webgpu-child.ts: answers one question, and ends.

import type { InferenceSession } from "onnxruntime-node";
import { OnnxGraph } from "../../formats/onnx";
import { random } from "../../random";
import { architectures } from "../architectures";
import { startingState } from "./start";
import { createSession, floatTensor } from "./store";
import type { Trainee } from "./trainee";
import type { Question, Timing, Training } from "./webgpu-child";
import { openOnGpu, webgpuTrainee } from "./webgpu-trainee";

process.once("message", async (question: Question) => {
	let answer: Timing | { error: string };
	try {
		answer =
			question.ask === "product" ? await product() : await steps(question);
	} catch (error) {
		answer = { error: reason(error as Error) };
	}
	process.send?.(answer);
});
process.once("disconnect", () => process.exit(0));

/** ONNX Runtime's message without the place in its source. */
function reason({ message }: Error): string {
	const [last] = message.split("was false. ").slice(-1);
	return last.trim().replace(/\.$/, "");
}

/** A product of two matrices of 512 × 512. Throws where there is no graphics processor, and where it computes wrongly. */
async function product(): Promise<Timing> {
	const n = 512;
	const g = new OnnxGraph();
	g.input("x", "float32", [n, n]);
	g.op("ReduceMax", [g.op("MatMul", ["x", "x"])], { keepdims: 0 }, "y");
	const graph = g.build(["y"]);
	const x = floatTensor(new Float32Array(n * n).fill(1 / n), [n, n]);
	const time = async (session: InferenceSession) => {
		await session.run({ x });
		const started = performance.now();
		const { y } = await session.run({ x });
		const seconds = (performance.now() - started) / 1000;
		if (Math.abs(n * Number(y.data[0]) - 1) > 1e-3)
			throw new Error("it multiplies matrices wrongly");
		return seconds;
	};
	const webgpu = await time(await openOnGpu(graph, false));
	return { webgpu, cpu: await time(await createSession(graph)) };
}

/** A step of the training that is asked about, on both. */
async function steps({
	architecture,
	shape,
	settings,
}: Training): Promise<Timing> {
	const rules = architectures[architecture];
	const source = random(0);
	const rows = Float32Array.from({ length: shape.batch * shape.d_in }, () =>
		source.normal(),
	);
	const b_dec = new Float32Array(shape.d_in);
	const state = startingState(rules, shape, settings, b_dec, source);
	async function time(trainee: Trainee): Promise<number> {
		await trainee.write(state);
		for (let at = 0; at < trainee.x.length; at += rows.length)
			trainee.x.set(rows, at);
		let t = 0;
		const call = () =>
			trainee.step(
				Array.from({ length: trainee.steps_per_call }, () => ({
					t: ++t,
					lr: 1e-5,
					coefficient: 1,
					dead: new Uint32Array(0),
				})),
			);
		await call(); // compiles shaders, touches memory
		const before = t;
		const started = performance.now();
		const elapsed = () => (performance.now() - started) / 1000;
		do await call();
		while (t - before < 3 || (elapsed() < 0.5 && t - before < 50));
		const seconds = elapsed() / (t - before);
		await trainee.release();
		return seconds;
	}
	const webgpu = await time(await webgpuTrainee(architecture, shape, settings));
	return { webgpu, cpu: await time(await rules.open(shape, settings)) };
}
