import type { DisplayMessage } from "../hook";

/** The outputs of the running cell that have a name, by which later ones replace them. */
export interface NamedOutputs {
	begin(): void;
	/** An output is shown, or replaces the one of its name. Whether it has to be shown anew, since that one was cleared. */
	shown(message: DisplayMessage, update: boolean): boolean;
	cleared(): void;
}

export function createNamedOutputs(): NamedOutputs {
	const there = new Set<string>();
	const gone = new Set<string>();
	return {
		begin: () => {
			there.clear();
			gone.clear();
		},
		shown: ({ transient }, update) => {
			const id = transient?.display_id;
			if (id === undefined) return false;
			const anew = update && gone.has(id);
			gone.delete(id);
			if (!update || anew) there.add(id);
			return anew;
		},
		cleared: () => {
			for (const id of there) gone.add(id);
			there.clear();
		},
	};
}
