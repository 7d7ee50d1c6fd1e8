import { dirname, join } from "node:path";
import type * as typescript from "typescript";

/** Where packages lie for code in a folder. */
export function packageFolders(folder: string): string[] {
	const above = dirname(folder);
	const own = join(folder, "node_modules/*").slice(1);
	return above === folder ? [own] : [own, ...packageFolders(above)];
}

/**
 * Gives each file of a package a name, by which what is declared in it can be imported although the package does not
 * export it: the type of a variable may come from there.
 */
export function nameFiles(files: readonly typescript.SourceFile[]): void {
	for (const file of files) {
		const [, path, , kind] =
			/\/node_modules\/(.+?)(\.d)?\.([cm]?)ts$/.exec(file.fileName) ?? [];
		if (path) file.moduleName ??= `package:${path}${kind && `.${kind}js`}`;
	}
}
