/** At most `limit` of the items, evenly spread. */
export function thin(items: Uint32Array, limit: number): number[] {
	const n = Math.min(limit, items.length);
	return Array.from(
		{ length: n },
		(_, i) => items[Math.floor((i * items.length) / n)],
	);
}
