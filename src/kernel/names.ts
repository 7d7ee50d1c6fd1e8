/**
 * What stands behind each name of a cell in the code that runs: the variables of a notebook are properties of
 * globalThis, and with it neither hide what libraries look for there nor are found by them. It cannot be seen, and no
 * text of a user's has it.
 */
export const mark = "\u{E0100}";

/** A text without marks, such as the message of an error that V8 made of the code that runs. */
export const unmarked = (text: string): string => text.replaceAll(mark, "");

/** A text about types without marks: a type that a later cell gave another meaning is called an earlier one. */
export const unmarkedTypes = (text: string): string =>
	text.replace(new RegExp(`${mark}+`, "g"), " (earlier)");
