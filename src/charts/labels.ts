/** A label at a place of a plot, in the units of its axes. */
export interface Label {
	x: number;
	y: number;
	name: string;
	/** What stands there when there is no room for the name. */
	short: string;
}

/** What a plot shows of each axis, least and largest, and its size in pixels. */
interface Plot {
	width: number;
	height: number;
	x: [number, number];
	y: [number, number];
}

/**
 * The labels that can be read: each, in their order, with its name where it meets none before it, else with its short
 * name, else not at all. `fontSize`: of bold letters, in pixels.
 */
export function readableLabels(
	labels: Label[],
	plot: Plot,
	fontSize: number,
): Label[] {
	const placed: { x: number; y: number; half: number }[] = [];
	const scale = (value: number, [low, high]: [number, number], size: number) =>
		(size * (value - low)) / (high - low || 1);
	return labels.flatMap((label) => {
		const x = scale(label.x, plot.x, plot.width);
		const y = scale(label.y, plot.y, plot.height);
		for (const name of [label.name, label.short]) {
			const half = 0.34 * fontSize * [...name].length;
			const free = placed.every(
				(other) =>
					Math.abs(other.y - y) > 1.3 * fontSize ||
					Math.abs(other.x - x) > other.half + half,
			);
			if (!free) continue;
			placed.push({ x, y, half });
			return [{ ...label, name }];
		}
		return [];
	});
}

/** The least and the largest finite value. */
export function extent(values: number[]): [number, number] {
	const finite = values.filter(Number.isFinite);
	return [
		finite.reduce((a, b) => Math.min(a, b), Infinity),
		finite.reduce((a, b) => Math.max(a, b), -Infinity),
	];
}

/** The value in the middle; NaN where there is none. */
export function median(values: number[]): number {
	const sorted = values.filter(Number.isFinite).sort((a, b) => a - b);
	return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
