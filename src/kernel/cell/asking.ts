/** The lines of input that a cell asks for, one after the other. */
export interface Asking {
	/** A cell begins, whose client takes input or not. What an earlier one asked for is not answered any more. */
	begin(takesInput: boolean): void;
	/** The cell is done. */
	end(): void;
	/** Asks for a line, when those asked for before have come. Rejects where nobody can answer. */
	ask(prompt: string, password: boolean): Promise<string>;
	/** A line has come. */
	typed(line: string): void;
}

/** `send` asks the client. */
export function createAsking(
	send: (wanted: { prompt: string; password: boolean }) => void,
): Asking {
	let cell: { takesInput: boolean } | undefined;
	let waiting: { ask(): void; answer(line: string): void }[] = [];

	const check = (prompt: string) => {
		const asked = `${prompt.trim() ? `"${prompt.trim()}"` : "A line of input"} was asked for`;
		if (!cell)
			throw new Error(
				`${asked}, but no cell is running any more: await what asks before the cell ends.`,
			);
		if (!cell.takesInput)
			throw new Error(
				`${asked}, but this client takes none, as in a batch run: run the notebook in Jupyter, or give the value in the code.`,
			);
	};

	return {
		begin: (takesInput) => {
			cell = { takesInput };
			waiting = [];
		},
		end: () => {
			cell = undefined;
			waiting = [];
		},
		ask: async (prompt, password) => {
			check(prompt);
			return new Promise((answer) => {
				waiting.push({ ask: () => send({ prompt, password }), answer });
				if (waiting.length === 1) waiting[0].ask();
			});
		},
		typed: (line) => {
			waiting.shift()?.answer(line);
			waiting[0]?.ask();
		},
	};
}
