import type { Random } from "../random";
import type { Split } from "./types";

/** The things of each class of one column; a thing may be of several. */
export type ClassColumn = number[][];

/** How many things are held out for each part; the rest are for training. */
export type Quotas = Record<"validation" | "test", number>;

const HELD = ["test", "validation"] as const;
const PARTS = ["train", ...HELD] as const;
/** A class with fewer cannot have one in each part. */
const SHAREABLE = 3;

/**
 * Deals n things into parts of the sizes asked for, so that each part has the same share of every class of every column
 * as far as that goes: the classes with the fewest things are dealt first. Where the parts are large enough, each has one
 * of every class of three or more; a class of fewer is for training while there are others to hold out. What is left to
 * chance, `source` draws.
 */
export function dealParts(
	n: number,
	columns: readonly ClassColumn[],
	quotas: Quotas,
	source: Random,
): Split[] {
	const strata = columns.flatMap((classes) =>
		targetsOf(classes, quotas, source),
	);
	const order = source.shuffle(Uint32Array.from({ length: n }, (_, i) => i));
	const rank = new Uint32Array(n);
	for (const [at, i] of order.entries()) rank[i] = at;
	const own = Array.from({ length: n }, () => [] as Stratum[]);
	for (const stratum of strata)
		for (const i of stratum.members) own[i].push(stratum);
	const room: Record<Split, number> = {
		...quotas,
		train: n - quotas.validation - quotas.test,
	};
	const dealt = new Array<Split | undefined>(n);
	const give = (i: number, first?: Stratum) => {
		if (dealt[i]) return;
		const part = choose(own[i], room, first);
		dealt[i] = part;
		room[part]--;
		for (const { left } of own[i]) left[part]--;
	};
	strata.sort((a, b) => a.members.length - b.members.length); // stable: as the columns came
	for (const stratum of strata)
		for (const i of [...stratum.members].sort((a, b) => rank[a] - rank[b]))
			give(i, stratum);
	for (const i of order) give(i);
	return dealt as Split[];
}

/** One class, and how many of its things each part is to have. */
interface Stratum {
	members: number[];
	target: Record<Split, number>;
	/** Of these, how many it has not got yet. */
	left: Record<Split, number>;
}

/** Of the parts with room, and with need of the class that is dealt, the one that lacks most of the thing's classes. */
function choose(
	own: Stratum[],
	room: Record<Split, number>,
	first?: Stratum,
): Split {
	const open = PARTS.filter((part) => room[part] > 0);
	const wanted = open.filter((part) => first && first.left[part] > 0);
	const lack = (part: Split) =>
		own.reduce(
			(sum, { left, target }) =>
				sum + Math.max(0, left[part]) / Math.max(1, target[part]),
			0,
		);
	return (wanted.length ? wanted : open)
		.map((part) => ({ part, lack: lack(part), room: room[part] }))
		.reduce((a, b) =>
			b.lack > a.lack || (b.lack === a.lack && b.room > a.room) ? b : a,
		).part;
}

/** How many things of each class of a column each part is to have: whole numbers whose sums are the quotas. */
function targetsOf(
	classes: ClassColumn,
	quotas: Quotas,
	source: Random,
): Stratum[] {
	const sizes = classes.map(({ length }) => length);
	const held = HELD.map((part) => shareOut(sizes, quotas[part], source));
	fillUp(sizes, held, [quotas.test, quotas.validation], source);
	return classes.map((members, c) => {
		const [test, validation] = held.map((counts) => counts[c]);
		const target = { test, validation, train: sizes[c] - test - validation };
		return { members, target, left: { ...target } };
	});
}

/** In proportion to their sizes, one at least of each class that can be shared out; fractions are drawn. */
function shareOut(sizes: number[], quota: number, source: Random): number[] {
	const shared = [...sizes.keys()].filter((c) => sizes[c] >= SHAREABLE);
	const least = shared.length <= quota ? 1 : 0;
	const total = sizes.reduce((a, b) => a + b, 0);
	const more = (c: number) => Math.max(0, (quota * sizes[c]) / total - least);
	const sum = shared.reduce((all, c) => all + more(c), 0);
	const scale = sum > 0 ? (quota - least * shared.length) / sum : 0;
	const counts = sizes.map(() => 0);
	let left = quota;
	let over = source.uniform();
	for (const c of source.shuffle(shared)) {
		const exact = scale * more(c);
		over += exact % 1;
		const up = over >= 1 ? 1 : 0;
		over -= up;
		const most = Math.floor((sizes[c] - 1) / 2); // as many for the other part, and one to train on
		counts[c] = Math.min(most, left, least + Math.floor(exact) + up);
		left -= counts[c];
	}
	return counts;
}

/** Brings each part to its quota: classes that have more than one thing left for training give first. */
function fillUp(
	sizes: number[],
	held: number[][],
	quotas: number[],
	source: Random,
): void {
	const order = source.shuffle(sizes.map((_, c) => c));
	for (const keep of [SHAREABLE, 1, 0])
		for (;;) {
			const before = held.flat().reduce((a, b) => a + b, 0);
			for (const c of order)
				for (const [p, counts] of held.entries()) {
					const lacking = quotas[p] - counts.reduce((a, b) => a + b, 0);
					const left = sizes[c] - held.reduce((sum, of) => sum + of[c], 0);
					if (lacking > 0 && left > keep) {
						counts[c]++;
						break;
					}
				}
			if (held.flat().reduce((a, b) => a + b, 0) === before) break;
		}
}
