/** The candidates nearest to a misspelt name, best first, by edit distance. */
export function nearNames(
	name: string,
	candidates: Iterable<string>,
	limit = 3,
): string[] {
	return [...candidates]
		.map((candidate) => ({
			candidate,
			distance: editDistance(name, candidate),
		}))
		.sort((a, b) => a.distance - b.distance)
		.slice(0, limit)
		.map(({ candidate }) => candidate);
}

/** Levenshtein distance. */
function editDistance(a: string, b: string): number {
	let row = Array.from({ length: b.length + 1 }, (_, j) => j);
	for (let i = 1; i <= a.length; i++) {
		const next = [i];
		for (let j = 1; j <= b.length; j++) {
			const substituted = row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
			next[j] = Math.min(row[j] + 1, next[j - 1] + 1, substituted);
		}
		row = next;
	}
	return row[b.length];
}
