import { medianMs } from "./turns";
import type { Measured, RowReport } from "./types";

/** The row's numbers from what was measured; `gflops` is the rate of the Gemm, for the floor. */
export function rowReport(
	row: { name: string; flops?: number },
	{ ours, peer, peak_mb }: Measured,
	gflops?: number,
): RowReport {
	const ours_ms = medianMs(ours);
	const peer_ms = peer ? medianMs(peer.runs) : null;
	const floor_ms = row.flops && gflops && row.flops / gflops / 1e6;
	return {
		name: row.name,
		ours_ms: rounded(ours_ms),
		peer: peer?.name ?? null,
		peer_ms: peer_ms === null ? null : rounded(peer_ms),
		ratio: peer_ms === null ? null : rounded(peer_ms / ours_ms),
		...(floor_ms && {
			floor_ms: rounded(floor_ms),
			floor_share: rounded(floor_ms / ours_ms),
		}),
		peak_mb: peak_mb === null ? null : rounded(peak_mb),
	};
}

/** The table's lines, one at a time: what is measured first is shown first. */
export function tableLines(names: string[]) {
	const width = Math.max(...names.map((name) => name.length));
	const line = (name: string, cells: string[], rest: string) =>
		`${name.padEnd(width)}${cells.map((cell) => cell.padStart(10)).join("")}  ${rest}`.trimEnd();
	return {
		head: line(
			"",
			["ours ms", "peer ms", "ratio", "floor ms", "share", "peak MB"],
			"peer",
		),
		row: (row: RowReport, note: string) =>
			line(
				row.name,
				[
					shown(row.ours_ms),
					shown(row.peer_ms),
					shown(row.ratio),
					shown(row.floor_ms),
					shown(row.floor_share),
					shown(row.peak_mb),
				],
				[row.peer ?? "", note].filter((text) => text).join("; "),
			),
	};
}

function shown(value: number | null | undefined): string {
	if (value === null || value === undefined) return "–";
	return value >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(3)));
}

/** Five digits: more would be noise. */
function rounded(value: number): number {
	return Number(value.toPrecision(5));
}
