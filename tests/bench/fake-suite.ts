/** A suite whose times are given, not measured, for the tests of the benchmark's form. */
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Contender, Row, Suite } from "../../bench/types";

/** Runs that take these times, one after the other. */
export function given(...times: number[]): Contender {
	const left = [...times];
	return { run: async () => ({ ms: left.shift() ?? 0 }) };
}

const withPeer: Row = {
	name: "with a peer, 2x3",
	rounds: 3,
	flops: 2e9,
	open: async () => ({
		ours: given(1000, 2, 3, 4), // the first warms up
		peer: {
			name: "a library",
			versions: { library: "1.2" },
			...given(2000, 12, 4, 6),
		},
		note: () => "a note",
	}),
};

const withoutPeer: Row = {
	name: "without a peer, 300 MB",
	rounds: 1,
	async open(folder) {
		const large = Buffer.alloc(300e6, 1);
		return {
			ours: given(1000, 5),
			note: () =>
				`${large.length} bytes; ${existsSync(join(folder, "prepared")) ? folder : "not prepared"}`,
		};
	},
};

const failing: Row = {
	name: "failing",
	async open() {
		throw new Error("the work cannot be done.");
	},
};

const ending: Row = {
	name: "ending",
	open: async () => process.exit(3),
};

export const suite: Suite = {
	rows: [withPeer, withoutPeer, failing, ending],
	prepare: (folder, rows) =>
		writeFileSync(join(folder, "prepared"), String(rows.length)),
};
