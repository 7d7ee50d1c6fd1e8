import { quoted } from "../hub";

/** A value for a sentence: in quotation marks, at most 40 characters. */
export function short(value: string): string {
	return quoted(value.length > 40 ? `${value.slice(0, 40)}…` : value);
}

/** Values for a sentence, at most ten. */
export function shortList(values: Iterable<string>, say = short): string {
	const all = [...values];
	const shown = all.slice(0, 10).map(say).join(", ");
	return all.length > 10 ? `${shown} and ${all.length - 10} more` : shown;
}

/** As `short`, without the marks. */
export const bare = (value: string) => short(value).slice(1, -1);

/** 1 row, 1,200 rows. */
export function counted(n: number, what: string): string {
	return `${n.toLocaleString("en-US")} ${what}${n === 1 ? "" : "s"}`;
}
