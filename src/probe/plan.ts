import type { Activations, Pool } from "../activations";
import { splitNotes } from "../dataset";
import { type Latents, seenNotes, splitFor } from "../sae";
import { type ProbeOptions, unitOf } from "./options";
import { makeTask, shuffledTask, type Task, taskNotes } from "./task";
import { tokenUnits } from "./token-units";
import { tokenNotes, tokenTask, typeTask } from "./tokens";
import { sentenceUnits, type Units } from "./units";

/** What is probed. */
export interface Plan {
	unit: "sentence" | "token";
	/** Of sentences. */
	pool?: Pool;
	/** The label's name. */
	label: string;
	task: Task;
	units: Units;
	/** What a reader should know. */
	notes: string[];
	/** The same rows with classes that mean nothing. */
	controlTask(): Task;
}

/** The rows, their classes, and what can be learned by heart only. */
export function plan(
	source: Latents | Activations,
	options: ProbeOptions,
): Plan {
	const { before, max_tokens, seed = 0, group, signal, label } = options;
	const acts = source.kind === "latents" ? source.acts : source;
	const split = splitFor(source, { seed, group });
	const name = typeof label === "string" ? label : label.name;
	const unit = unitOf(options);
	if (unit === "token") {
		const task = tokenTask(acts, label, split, {
			...{ before, max_tokens, seed },
		});
		const sentencesOf = (rows: Uint32Array) =>
			new Set(Array.from(rows, (i) => task.groups[i]));
		return {
			...{ unit, label: name, task },
			units: tokenUnits(acts, task, signal),
			notes: [
				...splitNotes(task.split),
				...seenNotes(split.seen, sentencesOf(task.test)),
				...tokenNotes(task, acts.rows.token),
			],
			controlTask: () => typeTask(task, acts.rows.token, seed),
		};
	}
	const { pool = "mean" } = options;
	const task = makeTask(acts.sentences, name, split);
	return {
		...{ unit, pool, label: name, task },
		units: sentenceUnits(acts, { pool, before, signal }),
		notes: taskNotes(name, task, split.seen),
		controlTask: () => shuffledTask(task, seed),
	};
}
