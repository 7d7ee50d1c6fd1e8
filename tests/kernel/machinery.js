// What random programs call, in the notebook and in V8's REPL alike: a trace, and a queue in the place of time.

/** A value as a line of the trace. */
function show(value) {
	if (typeof value === "function") return `function ${value.name}`;
	if (value instanceof Promise) {
		value.catch(() => {});
		return "promise";
	}
	if (value instanceof Error) return `${value.name}: ${value.message}`;
	if (typeof value !== "object" || value === null) return String(value);
	return JSON.stringify(value, (key, inner) =>
		typeof inner === "object" || key === "" ? inner : show(inner),
	);
}

/** Puts log, later and pause on globalThis. `runCells` runs code cell by cell and gives the outcomes and the trace. */
function installMachinery() {
	const trace = [];
	const queue = [];
	globalThis.log = (...values) => {
		if (trace.length < 2000) trace.push(values.map(show).join(" "));
	};
	globalThis.later = (call) => {
		queue.push(call);
	};
	globalThis.pause = () => new Promise((resolve) => queue.push(resolve));

	const turn = () => new Promise((resolve) => setImmediate(resolve));
	const next = async () => {
		try {
			queue.shift()?.();
		} catch (error) {
			globalThis.log("late", error);
		}
		await turn();
	};
	/** `run` resolves with the outcome of a cell as text, or rejects. What waits in the queue goes on while the cell does, and once after it. */
	const runCell = async (run) => {
		let outcome;
		trace.length = 0;
		let failure;
		run().then(
			(text) => {
				outcome = text;
			},
			(error) => {
				failure = { error };
			},
		);
		await turn();
		while (outcome === undefined && !failure) await next();
		await next();
		if (failure) throw failure.error;
		return { outcome, trace: [...trace] };
	};
	/** Ends what still waits. */
	const drain = async () => {
		for (let i = 0; i < 100 && queue.length; i++) await next();
		queue.length = 0;
		return [...trace];
	};
	return { runCell, drain };
}

module.exports = { installMachinery, show };
