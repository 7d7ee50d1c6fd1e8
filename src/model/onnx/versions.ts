import type { OnnxFile } from "../../formats/onnx-file";

/** The newest that this ONNX Runtime (1.30) takes: form of a file, and version of ONNX's own operators. */
const NEWEST_FORM = 13;
const NEWEST_OPERATORS = 26;

/** Throws where a file, or a function in it, is written with operators that are newer than ONNX Runtime's. */
export function checkOperators({ file, opsets, function_opsets }: OnnxFile) {
	const all = [opsets, ...function_opsets].map((each) => each.get("") ?? 0);
	const newest = Math.max(...all);
	if (newest > NEWEST_OPERATORS)
		throw new Error(
			`The file ${file} is written with ONNX's operators of version ${newest} (opset), and up to ${NEWEST_OPERATORS} can be run: export it with opset_version=${NEWEST_OPERATORS} or below, or convert it with onnx.version_converter.`,
		);
}

/**
 * The form in which a part of a file is written. What newer forms add, such as element types and notes about devices, is
 * not in what is copied, or ONNX Runtime names it; 8 is what the added operators need.
 */
export function formOf({ ir_version }: OnnxFile): number {
	return Math.min(NEWEST_FORM, Math.max(8, ir_version));
}
