// The files that the compiler watches.
import { statSync } from "node:fs";
import type * as typescript from "typescript";

type TypeScript = typeof typescript;

/** The file in which tslab keeps what earlier cells declare. */
const declarationsFile = /__prev__\.d\.ts$/;

/**
 * tslab has room for one timer of the compiler's, that for a new program, which it calls before each cell. But when a
 * file appears in a folder where the compiler looked for one, it sets a second timer, and from then on every cell would
 * fail. Other timers than the first become ordinary ones.
 */
export function withManyTimers(system: typescript.System): typescript.System {
	const timers = new Set<unknown>();
	return Object.assign(Object.create(system), {
		setTimeout: (callback: () => void, ms: number) => {
			if (callback.name === "updateProgramWithWatchStatus") {
				return system.setTimeout?.(callback, ms);
			}
			const timer = setTimeout(callback, ms);
			timers.add(timer);
			return timer;
		},
		clearTimeout: (timer: unknown) => {
			if (timers.delete(timer)) clearTimeout(timer as NodeJS.Timeout);
			else system.clearTimeout?.(timer);
		},
	});
}

/** The user's own files that are watched: when each changed last, and whom to tell of it. */
const ownFiles = new Map<string, { time: number; tell(time: number): void }>();
const timeOf = (path: string) =>
	statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;

/** Makes sure that the compiler knows of changes in the user's files: the system may tell it only later. */
export function lookForChanges(): void {
	for (const [path, file] of ownFiles) {
		const time = timeOf(path);
		if (time !== file.time) file.tell(time);
	}
}

/** Keeps in mind which of the user's files are watched. */
export function notingOwnFiles(
	ts: TypeScript,
	watchFile: NonNullable<typescript.System["watchFile"]>,
): typeof watchFile {
	return (path, changed, ...rest) => {
		const watcher = watchFile(path, changed, ...rest);
		if (/\/node_modules\/|\.d\.ts$/.test(path)) return watcher;
		const { Created, Changed, Deleted } = ts.FileWatcherEventKind;
		const file = {
			time: timeOf(path),
			tell: (time: number) => {
				const kind = !time ? Deleted : file.time ? Changed : Created;
				file.time = time;
				changed(path, kind);
			},
		};
		ownFiles.set(path, file);
		return {
			close: () => {
				ownFiles.delete(path);
				watcher.close();
			},
		};
	};
}

/**
 * tslab says before each step that what earlier cells declare has changed, and the compiler reads all of it again. It
 * hears of that only where it is true: else every cell would take longer than the one before it.
 */
export function onlyRealChanges(system: typescript.System): typescript.System {
	const watchFile: typescript.System["watchFile"] = (
		path,
		changed,
		...rest
	) => {
		if (!declarationsFile.test(path) || !system.watchFile)
			return system.watchFile?.(path, changed, ...rest) ?? { close: () => {} };
		let known: string | undefined;
		const ifNew: typeof changed = (...change) => {
			const text = system.readFile(path);
			if (text === known) return;
			known = text;
			changed(...change);
		};
		return system.watchFile(path, ifNew, ...rest);
	};
	return Object.assign(Object.create(system), { watchFile });
}

/**
 * tslab exports what a cell declares under the names by which TypeScript keeps it: those that begin with two underscores
 * have a third there, and with two it keeps what is no name, such as `declare global`.
 */
export function withNamesAsWritten(
	system: typescript.System,
): typescript.System {
	const readFile: typescript.System["readFile"] = (path, encoding) => {
		const text = system.readFile(path, encoding);
		if (!path.endsWith("__tslab__.ts")) return text;
		return text?.replace(/(?<=\nexport \{)[^{}\n]*__[^{}\n]*(?=\}$)/, (list) =>
			list
				.split(", ")
				.filter((name) => !/^__(?!_)/.test(name))
				.map((name) => name.replace(/^___/, "__"))
				.join(", "),
		);
	};
	return Object.assign(Object.create(system), { readFile });
}
