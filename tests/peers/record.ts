// What agrees with whom, and to what error: tests/peers/table.ts (`npm run peers`) makes the README's table of it.
import { appendFileSync } from "node:fs";

/** The peers by the name under which the table shows them: the environment under .peers, the distribution in it. */
export const peerNames = {
	transformers: ["sae-lens", "transformers"],
	tokenizers: ["sae-lens", "tokenizers"],
	"TransformerLens 3": ["sae-lens", "transformer-lens"],
	"TransformerLens 4": ["transformer-lens", "transformer-lens"],
	SAELens: ["sae-lens", "sae-lens"],
	sparsify: ["sae-lens", "eai-sparsify"],
	PyTorch: ["sae-lens", "torch"],
	"scikit-learn": ["sae-lens", "scikit-learn"],
	scipy: ["sae-lens", "scipy"],
	datasets: ["sae-lens", "datasets"],
	safetensors: ["sae-lens", "safetensors"],
	pandas: ["sae-lens", "pandas"],
	polars: ["sae-lens", "polars"],
	pyarrow: ["sae-lens", "pyarrow"],
} as const satisfies Record<
	string,
	[environment: string, distribution: string]
>;

export type PeerName = keyof typeof peerNames;

/** One line of what was seen: a number is the largest error, a text what was found ("the same ids"). */
export interface Agreement {
	what: string;
	beside: PeerName;
	error: number | string;
}

/** Names the file to which `agreed` adds lines; unset in `npm test`, where nothing is kept. */
export const recordVariable = "SPARSELENS_AGREEMENTS";

/**
 * Keeps that `what` agrees with the peer `beside` to `error`: the largest difference as a part of the
 * peer's largest number, or a word for what is equal. Call it once the assertions have passed.
 */
export function agreed(
	what: string,
	beside: PeerName,
	error: number | string,
): void {
	const file = process.env[recordVariable];
	const line: Agreement = { what, beside, error };
	if (file) appendFileSync(file, `${JSON.stringify(line)}\n`);
}

/** Lines of one thing beside one peer together: the largest error, or the words where there is no number. */
export function largest(lines: Agreement[]): Agreement[] {
	const rows = new Map<string, Agreement>();
	for (const line of lines) {
		const key = JSON.stringify([line.what, line.beside]);
		const row = rows.get(key);
		if (
			row === undefined ||
			typeof row.error === "string" ||
			(typeof line.error === "number" && line.error > row.error)
		)
			rows.set(key, line);
	}
	return [...rows.values()];
}
