import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Matrix } from "../src/activations/matrix";
import { random } from "../src/random";

/** One run: how long it took, and the value that it minimised (less is better). */
export interface Run {
	seconds: number;
	value: number;
}

export interface Contender {
	name: string;
	run(): Promise<Run>;
	close?(): void;
}

const PYTHON = "/usr/bin/python3";

/** scikit-learn on the same rows, in a process of its own; undefined where it is not installed. */
export async function scikitLearn(
	x: Matrix,
	settings: Record<string, number>,
	y?: Uint32Array,
): Promise<Contender | undefined> {
	if (spawnSync(PYTHON, ["-c", "import sklearn"]).status !== 0)
		return undefined;
	const folder = mkdtempSync(join(tmpdir(), "bench-"));
	const { kind, rows, columns } = x;
	writeFileSync(
		join(folder, "shape.json"),
		JSON.stringify({ kind, rows, columns, ...settings }),
	);
	if (x.kind === "dense") writeFileSync(join(folder, "data"), x.data);
	else {
		writeFileSync(join(folder, "indptr"), x.indptr);
		writeFileSync(join(folder, "indices"), x.indices);
		writeFileSync(join(folder, "values"), x.values);
	}
	if (y) writeFileSync(join(folder, "y"), y);
	const child = spawn(PYTHON, [join(__dirname, "sklearn_fit.py"), folder], {
		stdio: ["pipe", "pipe", "inherit"],
	});
	const lines = createInterface({ input: child.stdout })[
		Symbol.asyncIterator
	]();
	await lines.next(); // "ready"
	return {
		name: "scikit-learn",
		async run() {
			child.stdin.write("fit\n");
			const { value } = await lines.next();
			return JSON.parse(value) as Run;
		},
		close() {
			child.stdin.end();
			rmSync(folder, { recursive: true });
		},
	};
}

/** Runs the contenders in turns, the first untimed, and prints medians and how much slower each is than the first. */
export async function compare(
	title: string,
	contenders: (Contender | undefined)[],
	rounds = 5,
): Promise<void> {
	const there = contenders.filter((c) => c !== undefined);
	const runs = there.map(() => [] as Run[]);
	for (let round = 0; round <= rounds; round++)
		for (const [i, contender] of there.entries()) {
			const run = await contender.run();
			if (round > 0) runs[i].push(run);
		}
	for (const contender of there) contender.close?.();
	console.log(title);
	const median = (of: Run[]) =>
		of.map(({ seconds }) => seconds).sort((a, b) => a - b)[
			Math.floor(of.length / 2)
		];
	for (const [i, { name }] of there.entries()) {
		const seconds = median(runs[i]);
		const ratio = seconds / median(runs[0]);
		console.log(
			`  ${name.padEnd(24)} ${seconds.toFixed(3)} s   ×${ratio.toFixed(2)}   minimum ${runs[i][0].value.toPrecision(7)}`,
		);
	}
}

/** Rows around a centre for each class: dense, or `perRow` numbers a row, a third of them the class's own columns. */
export function madeRows(
	rows: number,
	columns: number,
	classes: number,
	perRow?: number,
): { x: Matrix; y: Uint32Array } {
	const draw = random(1);
	const y = Uint32Array.from({ length: rows }, () => draw.int(classes));
	if (perRow === undefined) {
		const centre = Float32Array.from(
			{ length: classes * columns },
			() => 0.15 * draw.normal(),
		);
		const data = Float32Array.from(
			{ length: rows * columns },
			(_, at) =>
				centre[y[Math.floor(at / columns)] * columns + (at % columns)] +
				draw.normal(),
		);
		return { x: { kind: "dense", rows, columns, data }, y };
	}
	const indptr = new Float64Array(rows + 1);
	const indices = new Uint32Array(rows * perRow);
	const values = new Float32Array(rows * perRow);
	for (let i = 0; i < rows; i++) {
		const own = new Set<number>();
		while (own.size < perRow) {
			const any = draw.int(columns);
			const marked = any - (any % classes) + y[i];
			own.add(draw.int(3) === 0 && marked < columns ? marked : any);
		}
		indices.set(Uint32Array.from(own).sort(), i * perRow);
		indptr[i + 1] = (i + 1) * perRow;
	}
	for (let p = 0; p < values.length; p++) values[p] = 0.2 + draw.uniform();
	return {
		x: { kind: "sparse", rows, columns, indptr, indices, values },
		y,
	};
}
