import { architectures } from "../architectures";
import { openTfjs } from "../engine/tfjs-trainee";
import type { Trainee, TraineeShape } from "../engine/trainee";
import { openTrainee } from "../engine/webgpu";
import type { TrainSettings } from "./options";

/** An SAE in training, at zeros, on what the settings choose. */
export function openEngine(
	settings: TrainSettings,
	shape: TraineeShape,
	signal?: AbortSignal,
): Promise<Trainee> {
	const { architecture, engine, device, loss } = settings;
	return engine === "tfjs"
		? openTfjs(architectures[architecture], shape, settings, loss)
		: openTrainee(architecture, shape, settings, device, signal);
}
