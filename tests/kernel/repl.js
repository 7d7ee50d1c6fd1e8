// Runs cells of JavaScript in V8's REPL mode: each message is a program, a list of cells; the answer has what became of them.
const { Session } = require("node:inspector");
const { installMachinery, show } = require("./machinery.js");

const session = new Session();
session.connect();
const { runCell, drain } = installMachinery();
process.on("unhandledRejection", () => {});

/** What became of a cell, as text. */
function evaluate(expression) {
	return new Promise((resolve) => {
		session.post(
			"Runtime.evaluate",
			{ expression, replMode: true, awaitPromise: true },
			(failure, answer) => {
				if (failure) return resolve(`failed: ${failure.message}`);
				const { result, exceptionDetails } = answer;
				if (!exceptionDetails) return resolve(`value: ${textOf(result)}`);
				resolve(`thrown: ${textOf(exceptionDetails.exception)}`);
			},
		);
	});
}

/** A value of the inspector's as the trace shows values. */
function textOf({ type, subtype, value, unserializableValue, description }) {
	if (subtype === "error") return description.split("\n")[0];
	return unserializableValue ?? (type === "object" ? "object" : show(value));
}

process.on("message", async (cells) => {
	const outcomes = [];
	for (const cell of cells) outcomes.push(await runCell(() => evaluate(cell)));
	process.send({ outcomes, rest: await drain() });
});
