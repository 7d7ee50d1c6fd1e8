import { known } from "./check";
import { extent, median, readableLabels } from "./labels";
import { seriesColor, seriesShape } from "./series";
import { ink } from "./theme";

const cluster_legend = { title: "cluster", symbolOpacity: 1 };

/** Legends of more clusters would be longer than the figure. */
const most_in_legend = 20;

/** The colour and the shape of each of k clusters. `legend`: false for none; there is none for more than 20 clusters. */
export function byCluster(
	k: number,
	legend: object | false = cluster_legend,
): object {
	const shown = legend && k <= most_in_legend ? legend : null;
	const domain = Array.from({ length: k }, (_, i) => i);
	return {
		color: seriesColor("cluster", domain, shown),
		shape: seriesShape("cluster", domain, shown),
	};
}

/** The colour of each of k clusters alone, without a legend. */
export function clusterColor(k: number): object {
	const domain = Array.from({ length: k }, (_, i) => i);
	return seriesColor("cluster", domain, null);
}

/** One of the two axes of a map. */
export function mapAxis(field: string, title: string): object {
	return {
		field,
		type: "quantitative",
		title,
		scale: { zero: false, nice: true },
		axis: { tickCount: 5 },
	};
}

/**
 * Layers with the name of each cluster at the middle (medians) of its points, dark on a rim of paper; of names that would
 * meet the larger cluster keeps its own, the other has its number or nothing. `size`: of the plot in pixels.
 */
export function clusterNames(
	{ map, assignment }: { map: [number, number][]; assignment: Uint32Array },
	names: string[],
	size: { width: number; height: number },
	fontSize: number,
): object[] {
	const places = names.map(() => [[], []] as [number[], number[]]);
	for (const [i, [x, y]] of map.entries()) {
		places[assignment[i]]?.[0].push(x);
		places[assignment[i]]?.[1].push(y);
	}
	const middles = places
		.map(([x, y], c) => ({
			x: median(x),
			y: median(y),
			name: names[c],
			short: String(c),
		}))
		.filter(({ x, y }) => Number.isFinite(x + y));
	const plot = {
		...size,
		x: extent(map.map(([x]) => x)),
		y: extent(map.map(([, y]) => y)),
	};
	const values = readableLabels(middles, plot, fontSize).map(
		({ x, y, name }) => ({ x: known(x), y: known(y), name }),
	);
	return [
		{ stroke: ink.paper, strokeWidth: 4, fill: ink.paper },
		{ fill: ink.text },
	].map((look) => ({
		data: { values },
		mark: {
			type: "text",
			fontSize,
			fontWeight: "bold",
			tooltip: false,
			...look,
		},
		encoding: {
			x: { field: "x", type: "quantitative" },
			y: { field: "y", type: "quantitative" },
			text: { field: "name" },
		},
	}));
}
