import { existsSync, readdirSync, statSync } from "node:fs";
import { join, resolve } from "node:path";

/** Where Optimum and transformers.js put a decoder below a model's folder, the plainest first. */
const places = [
	"model.onnx",
	"decoder_model.onnx",
	"decoder_model_merged.onnx",
	"decoder_with_past_model.onnx",
];

/**
 * The ONNX file that is meant by a path, or that lies in a folder or its "onnx" folder.
 * Throws where there is none, or where several could be meant.
 */
export function locateOnnx(path: string): string {
	if (!existsSync(path))
		throw new Error(
			`There is no file or folder "${path}": give an .onnx file, or a folder that holds one (or whose "onnx" folder does).`,
		);
	if (!statSync(path).isDirectory()) return resolve(path);
	const folders = [path, join(path, "onnx")].filter(existsSync);
	for (const folder of folders) {
		const found = places.find((name) => existsSync(join(folder, name)));
		if (found) return resolve(folder, found);
	}
	const others = folders.flatMap((folder) =>
		readdirSync(folder)
			.filter((name) => name.endsWith(".onnx"))
			.map((name) => join(folder, name)),
	);
	if (others.length === 1) return resolve(others[0]);
	throw new Error(
		others.length
			? `The folder ${path} holds several ONNX files, none of them named ${places[0]}: give one of ${others.join(", ")}.`
			: `The folder ${path} holds no ONNX file: give an .onnx file, or a folder that holds one (or whose "onnx" folder does).`,
	);
}
