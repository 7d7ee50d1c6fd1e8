import { basename, dirname, relative } from "node:path";

/**
 * What a model in a folder is called: by the folder, not by its place on this machine. A folder of the Hugging Face cache
 * has its repository's name.
 */
export function folderName(folder: string): string {
	const [, owner, name] =
		/models--([^/\\]+?)--([^/\\]+)[/\\]snapshots[/\\][^/\\]+$/.exec(folder) ??
		[];
	return owner ? `${owner}/${name}` : basename(folder) || "model";
}

/** What a decoder in a file is called: by its file below the model's folder `home`, and that folder's name. */
export function fileName(file: string, home: string): string {
	return relative(dirname(home), file).replaceAll("\\", "/");
}
