/** A date and a time of day as pandas, Arrow and JSON write them, with or without a zone. */
const MOMENT =
	/^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:?\d\d)?$/;

/**
 * How to write moments, so that a table gives the same classes whatever file it is in: 2024-01-31T12:00:00, the fraction
 * of three, six or nine digits where there is one, moments of a zone in UTC with "Z"; dates alone where all of them, without
 * a zone, are at midnight, as pandas writes them to CSV. Undefined where a value is no moment.
 */
export function momentsOf(
	values: string[],
): ((value: string) => string) | undefined {
	const isMoment = (value: string) =>
		MOMENT.test(value) && !Number.isNaN(Date.parse(value));
	if (!values.every(isMoment)) return undefined;
	const dates = values.every((value) => /[T ]00:00:00(\.0+)?$/.test(value));
	return (value) => (dates ? value.slice(0, 10) : plainMoment(value));
}

function plainMoment(value: string): string {
	const [, date, time, behind = "", zone] = MOMENT.exec(value) ?? [];
	const digits = behind
		.padEnd(Math.ceil(behind.length / 3) * 3, "0")
		.replace(/(000)+$/, "");
	const fraction = digits && `.${digits}`;
	if (zone === undefined) return `${date}T${time}${fraction}`;
	const utc = new Date(`${date}T${time}${zone}`).toISOString().slice(0, -5);
	return `${utc}${fraction}Z`;
}
