/** Records as CSV (RFC 4180, but with "\n" at line ends): a field with a comma or a quotation mark is quoted. */
export function csv<Column extends string>(
	columns: readonly Column[],
	records: readonly Record<Column, string | number>[],
): string {
	const lines = records.map((record) =>
		columns.map((column) => field(String(record[column]))).join(","),
	);
	return `${[columns.join(","), ...lines].join("\n")}\n`;
}

function field(value: string): string {
	return /[",\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}
