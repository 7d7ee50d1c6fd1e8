import type { Activations, Pool } from "../activations";
import { type ProbeOptions, unitOf } from "./options";
import { makeTask, shuffledTask, type Task } from "./task";
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
export function plan(acts: Activations, options: ProbeOptions): Plan {
	const { before, max_tokens, seed = 0, signal, label } = options;
	const name = typeof label === "string" ? label : label.name;
	const unit = unitOf(options);
	if (unit === "token") {
		const task = tokenTask(acts, label, { before, max_tokens, seed });
		return {
			...{ unit, label: name, task },
			units: tokenUnits(acts, task, signal),
			notes: tokenNotes(task, acts.rows.token),
			controlTask: () => typeTask(task, acts.rows.token, seed),
		};
	}
	const { pool = "mean" } = options;
	const task = makeTask(acts.sentences, name, seed);
	return {
		...{ unit, pool, label: name, task },
		units: sentenceUnits(acts, { pool, before, signal }),
		notes: [],
		controlTask: () => shuffledTask(task, seed),
	};
}
