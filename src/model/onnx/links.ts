import { realpathSync, statSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { type OnnxTensor, shown } from "../../formats/onnx-tensor";
import { commonFolder } from "../weights";

/** Where the numbers of a large constant lie: a file below the folder that holds them all, and the bytes in it. */
export type Locate = (tensor: OnnxTensor) => {
	location: string;
	offset: number;
	length: number;
};

/**
 * Finds the files that hold the large constants of an ONNX file: itself, and those that it names.
 * Throws where one is missing, too short, or outside the ONNX file's folder.
 */
export function findWeights(
	file: string,
	tensors: Iterable<OnnxTensor>,
): { folder: string; locate: Locate; bytes: number } {
	const files = new Map<string | undefined, { real: string; size: number }>();
	let bytes = 0;
	files.set(undefined, fileOf(realpathSync(file)));
	for (const { name, place } of tensors) {
		if (!place) continue;
		const { location, offset, length } = place;
		const found = files.get(location) ?? beside(file, String(location));
		files.set(location, found);
		bytes += length;
		if (offset + length > found.size)
			throw new Error(
				`The weights ${shown(name)} of ${file} end at byte ${offset + length} of ${found.real}, which has only ${found.size}; it is truncated, or not of this model.`,
			);
	}
	const folder = commonFolder([...files.values()].map(({ real }) => real));
	return {
		folder,
		bytes,
		locate({ name, place }) {
			const found = place && files.get(place.location);
			if (!found) throw new Error(`The constant ${shown(name)} has no place.`);
			const { offset, length } = place;
			return { location: relative(folder, found.real), offset, length };
		},
	};
}

function fileOf(real: string) {
	return { real, size: statSync(real).size };
}

/** A file that an ONNX file names; it has to be in the same folder or below it. */
function beside(file: string, location: string) {
	const steps = location.split(/[\\/]/);
	if (/^([\\/]|[a-zA-Z]:)/.test(location) || steps.includes(".."))
		throw new Error(
			`The file ${file} says that weights lie in ${shown(location)}, outside its own folder; such a file is not opened.`,
		);
	try {
		return fileOf(realpathSync(join(dirname(file), location)));
	} catch {
		throw new Error(
			`The weights of ${file} lie in ${shown(location)}, which is not beside it; fetch that file as well.`,
		);
	}
}
