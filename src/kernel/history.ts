/** A cell that ran. */
export interface Past {
	line: number;
	code: string;
	/** The text of its value. */
	result: string | null;
}

/** The content of a history_request. */
export interface HistoryRequest {
	hist_access_type: "range" | "tail" | "search";
	output?: boolean;
	n?: number;
	start?: number;
	stop?: number | null;
	pattern?: string;
	unique?: boolean;
}

/** A pattern with * for any text and ? for one character. */
function glob(pattern: string): RegExp {
	const escaped = pattern
		.replace(/[.+^${}()|[\]\\]/g, "\\$&")
		.replaceAll("*", ".*")
		.replaceAll("?", ".");
	return new RegExp(`^${escaped}$`, "s");
}

/** The cells that a request asks for, as [session, line, code] or, with output, [session, line, [code, result]]. */
export function recall(
	past: readonly Past[],
	request: HistoryRequest,
): unknown[] {
	const { hist_access_type, output, n, start = 0, stop, unique } = request;
	let found = [...past];
	if (hist_access_type === "range") {
		found = found.filter(
			({ line }) => line >= start && (stop == null || line < stop),
		);
	}
	if (hist_access_type === "search") {
		const pattern = glob(request.pattern ?? "*");
		found = found.filter(({ code }) => pattern.test(code));
		if (unique) found = [...new Map(found.map((p) => [p.code, p])).values()];
	}
	if (hist_access_type !== "range" && n) found = found.slice(-n);
	return found.map(({ line, code, result }) => [
		1,
		line,
		output ? [code, result] : code,
	]);
}
