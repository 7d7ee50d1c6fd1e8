const most = 1000; // columns that are counted

/** The columns of some rows. */
interface Columns {
	/** At most 1,000. */
	names: string[];
	n_columns: number;
	/** Whether there are more of them than were counted. */
	at_least: boolean;
}

/** The fields of objects, in the order in which they first appear; those of an array are its indices. */
export function columnsOf(rows: Iterable<object>): Columns {
	const names = new Set<string>();
	for (const row of rows) {
		for (const name of keysOf(row)) {
			if (names.size === most && !names.has(name))
				return { names: [...names], n_columns: most, at_least: true };
			names.add(name);
		}
	}
	return { names: [...names], n_columns: names.size, at_least: false };
}

/** Of a long array no more keys are made than are counted. */
function keysOf(row: object): Iterable<string> {
	const { length } = row as { length?: unknown };
	const long =
		(Array.isArray(row) || ArrayBuffer.isView(row)) && Number(length) > most;
	return long
		? Array.from({ length: most + 1 }, (_, i) => String(i))
		: Object.keys(row);
}

export const hasOwn = (row: object, name: string): boolean =>
	Object.hasOwn(row, name);
