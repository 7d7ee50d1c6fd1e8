/**
 * Fetches one file of a model in a process of its own: `fetch.ts <id> <name>`, with waits as short as the tests'.
 * Prints "at <bytes>" as it goes, and at the end the path.
 */
import { fromHub } from "../../src/hub";
import { patience } from "../../src/hub/retry";
import { setProgressSink } from "../../src/progress";

Object.assign(patience, { first_wait_ms: 10, poll_ms: 20 });
setProgressSink(({ done }) => console.log(`at ${done}`));
const [id, name] = process.argv.slice(2);
fromHub({ kind: "model", id }, {}, (files) => files.get(name)).then(
	({ value }) => console.log(`path ${value}`),
	(error) => {
		console.log(`error ${error.message}`);
		process.exitCode = 1;
	},
);
