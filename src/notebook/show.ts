import type { Chart } from "../charts";
import { interruptSignal } from "../interrupt";
import type { DisplayMessage } from "../kernel/hook";
import type { Settled } from "../settled";
import { describe } from "./describe";
import { type Display, toDisplay } from "./display";
import { inNotebook, pending, publish } from "./kernel";

/** Named outputs that are there or on their way: what the next change of each waits for. */
const shown = new Map<string, Promise<unknown>>();
/** The run of a cell, by its signal, that showed each named output last. */
const runs = new Map<string, AbortSignal | undefined>();

/**
 * Shows a chart, a result record, or what `highlight` and `table` return, below the cell that calls it, in the order of
 * the calls. Returns at once: the cell is done when the pictures are.
 *
 * A chart is one output with the live chart for JupyterLab, a PNG at twice the size for everything else, and its title as
 * text. Outside a notebook the text is printed.
 *
 * `id`: a name under which a later call in the same run of a cell changes the same output; default: each call shows a
 * new one. In another run, also of the same cell, whose outputs are cleared then, it is shown anew, and what is left of
 * it elsewhere changes too.
 *
 * Throws on an invalid chart, on a chart whose data lie elsewhere or are more than half a million values, and on any other
 * value.
 */
export function show<T>(
	value: Settled<T>,
	options: { id?: string } = {},
): void {
	const display = toDisplay(value);
	if (!display)
		throw new Error(
			`show was given ${describe(value)}: give it a Vega-Lite chart (charts.… returns one), a result record, or what highlight or table returns.`,
		);
	const { id } = options;
	const run = interruptSignal();
	const anew = id !== undefined && runs.get(id) !== run;
	if (id !== undefined) runs.set(id, run);
	void send(display, id, anew);
}

/** Shows a chart; the promise resolves when its picture is there. Throws at once where the chart cannot be drawn. */
export function showChart(chart: Chart, id?: string): Promise<void> {
	return send(toDisplay(chart) as Display, id);
}

/** `anew`: also below the cell, where an output of that name is there already. */
function send(
	{ text, message }: Display,
	id?: string,
	anew = false,
): Promise<void> {
	if (!inNotebook()) {
		publish({ data: { "text/plain": text } });
		return Promise.resolve();
	}
	const before = id === undefined ? undefined : shown.get(id);
	const named = (m: DisplayMessage) =>
		id === undefined ? m : { ...m, transient: { display_id: id } };
	const made = before ? before.then(message) : message();
	if (!(made instanceof Promise)) {
		publish(named(made));
		if (id !== undefined) shown.set(id, Promise.resolve());
		return Promise.resolve();
	}
	const ready = made.then(named);
	const work = before
		? ready.then((m) => {
				publish(m, true);
				return anew ? m : undefined;
			})
		: ready;
	pending(work as Promise<void>);
	const done = work.then(() => {});
	if (id !== undefined) shown.set(id, done);
	return done;
}
