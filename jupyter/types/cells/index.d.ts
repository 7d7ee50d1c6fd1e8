// What every cell of a notebook can use without importing it; src/kernel/cell/globals.ts makes it.

export {};

declare global {
	/**
	 * Asks for a line of text in a box below the cell, and gives the line: `const name = await prompt("name? ")`.
	 *
	 * `message`: what stands before the box; default: nothing. `password`: whether the box hides what is typed; default: false.
	 *
	 * Throws where nobody can answer: in a batch run such as nbconvert's, and when no cell is running.
	 */
	function prompt(
		message?: string,
		options?: { password?: boolean },
	): Promise<string>;

	/**
	 * Asks a question that is answered by y or n in a box below the cell, and gives true for y (or yes) and false for n (or
	 * no): `if (await confirm("Go on?")) …`. Any other answer is asked again.
	 *
	 * Throws where nobody can answer: in a batch run such as nbconvert's, and when no cell is running.
	 */
	function confirm(message?: string): Promise<boolean>;

	interface Console {
		/** Clears all that the cell has printed and shown so far. */
		clear(): void;
		/**
		 * Shows an array, an object or a Map as a table below the cell: a row for each entry and a column for each field of
		 * the entries; what has no fields stands in a column Values. At most 100 rows and 20 columns are shown; a line says how
		 * many are left out. What is no object is printed.
		 *
		 * `columns`: the fields to show; default: all.
		 */
		table(data: unknown, columns?: readonly string[]): void;
	}
}
