import type { DisplayMessage } from "../../src/kernel/hook";

/** What a kernel of the tests has received: outputs and changes of outputs, in the order in which they are sent. */
export interface Sent extends DisplayMessage {
	update: boolean;
}

/** Runs something inside a notebook kernel that records what is shown; resolves when nothing is pending. */
export async function inKernel(run: () => unknown): Promise<Sent[]> {
	const places: (Sent | undefined)[] = [];
	const works: Promise<unknown>[] = [];
	const key = Symbol.for("sparselens.kernel");
	const scope = globalThis as { [key: symbol]: unknown };
	scope[key] = {
		publish: (message: DisplayMessage, update = false) =>
			places.push({ ...message, update }),
		pending: (work: Promise<DisplayMessage | undefined>) => {
			const place = places.push(undefined) - 1;
			works.push(
				work.then((message) => {
					if (message) places[place] = { ...message, update: false };
				}),
			);
		},
	};
	try {
		await run();
		while (works.length) await Promise.all(works.splice(0));
	} finally {
		delete scope[key];
	}
	return places.filter((sent) => sent !== undefined);
}
