import type { SchemaElement } from "hyparquet";
import { decimalText, floatText } from "./numbers";

/** How a stored value is written as text. Throws on bytes that are not UTF-8. */
export type Cell = (value: unknown) => string;

/**
 * How the values of a column become text, from what the file stores: numbers with all of their digits, decimals as they
 * were written, dates and times in ISO 8601 as exactly as they are stored, "true" and "false", "" for NaN.
 * A column that cannot be text gives instead what it holds, e.g. "lists".
 */
export function cellOf(element: SchemaElement): Cell | string {
	const { type, num_children, repetition_type, type_length } = element;
	const kind = element.logical_type?.type;
	const old = element.converted_type;
	if (repetition_type === "REPEATED" || kind === "LIST" || old === "LIST")
		return "lists";
	if (kind === "MAP" || old?.startsWith("MAP")) return "maps";
	if (num_children) return "structures";
	if (kind === "BSON" || old === "BSON") return "BSON";
	if (kind === "GEOMETRY" || kind === "GEOGRAPHY") return "geometry";
	if (old === "INTERVAL") return "intervals";
	if (kind === "DECIMAL" || old === "DECIMAL") return decimals(element);
	if (kind === "DATE" || old === "DATE") return dateText;
	if (kind === "TIME" || old?.startsWith("TIME_")) {
		const unit = unitOf(element);
		return (value) => timeText(BigInt(value as bigint), unit);
	}
	if (kind === "TIMESTAMP" || old?.startsWith("TIMESTAMP_")) {
		const unit = unitOf(element);
		const zone = isUtc(element) ? "Z" : "";
		return (value) => momentText(BigInt(value as bigint), unit, zone);
	}
	if (kind === "FLOAT16" && type_length === 2)
		return (value) => floatText(halfOf(value as Uint8Array), 16);
	if (kind === "UUID" && type_length === 16)
		return (value) => uuidText(value as Uint8Array);
	switch (type) {
		case "FLOAT":
			return (value) => floatText(value as number, 32);
		case "DOUBLE":
			return (value) => floatText(value as number, 64);
		case "INT32":
			return isUnsigned(element)
				? (value) => String((value as number) >>> 0)
				: String;
		case "INT64":
			return isUnsigned(element)
				? (value) => String(BigInt.asUintN(64, value as bigint))
				: String;
		case "INT96": // nanoseconds, of a zone that nobody noted
			return (value) => momentText(value as bigint, 1_000_000_000n, "");
		case "BOOLEAN":
			return String;
		default:
			return kind === "STRING" || kind === "ENUM" || kind === "JSON" || old
				? utf8
				: unnamed;
	}
}

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function utf8(value: unknown): string {
	return decoder.decode(value as Uint8Array);
}

/** Bytes of which the file does not say what they are: text, or numbers of a kind of its own. */
function unnamed(value: unknown): string {
	const text = utf8(value);
	for (let i = 0; i < text.length; i++)
		if (text.charCodeAt(i) < 32 && !"\t\n\r".includes(text[i]))
			throw new Error("there are bytes that are no text");
	return text;
}

/** No decimal has more digits behind its point: what a broken file claims is not written out. */
const LARGEST_SCALE = 1000;

function decimals({ scale, logical_type }: SchemaElement): Cell | string {
	const places =
		scale ?? (logical_type?.type === "DECIMAL" ? logical_type.scale : 0) ?? 0;
	if (Math.abs(places) > LARGEST_SCALE) return `decimals of scale ${places}`;
	return (value) =>
		decimalText(
			value instanceof Uint8Array
				? bigEndian(value)
				: BigInt(value as number | bigint),
			places,
		);
}

function bigEndian(bytes: Uint8Array): bigint {
	const hex = Buffer.from(bytes).toString("hex");
	return hex ? BigInt.asIntN(bytes.length * 8, BigInt(`0x${hex}`)) : 0n;
}

function isUnsigned({ converted_type, logical_type }: SchemaElement): boolean {
	return logical_type?.type === "INTEGER"
		? !logical_type.isSigned
		: (converted_type?.startsWith("UINT_") ?? false);
}

function isUtc({ logical_type }: SchemaElement): boolean {
	return logical_type?.type === "TIMESTAMP"
		? logical_type.isAdjustedToUTC
		: true; // what the older notation means
}

/** How many units a second has. */
function unitOf({ logical_type, converted_type }: SchemaElement): bigint {
	const unit =
		logical_type && "unit" in logical_type ? logical_type.unit : undefined;
	if (unit === "NANOS") return 1_000_000_000n;
	if (unit) return unit === "MICROS" ? 1_000_000n : 1000n;
	return converted_type?.endsWith("MICROS") ? 1_000_000n : 1000n;
}

function dateText(value: unknown): string {
	const date = new Date(Number(value) * 86_400_000);
	return Number.isNaN(date.getTime())
		? String(value)
		: date.toISOString().split("T")[0];
}

/** A count of units since 1970; beyond the years that a Date has, the count itself. */
function momentText(count: bigint, unit: bigint, zone: string): string {
	const behind = ((count % unit) + unit) % unit;
	const date = new Date(Number((count - behind) / unit) * 1000);
	if (Number.isNaN(date.getTime())) return String(count);
	return date.toISOString().slice(0, -5) + fraction(behind, unit) + zone;
}

function timeText(count: bigint, unit: bigint): string {
	if (count < 0n || count > 86_400n * unit) return String(count);
	const seconds = count / unit;
	const parts = [seconds / 3600n, (seconds / 60n) % 60n, seconds % 60n];
	return (
		parts.map((part) => String(part).padStart(2, "0")).join(":") +
		fraction(count % unit, unit)
	);
}

/** Three, six or nine digits, or nothing where all are 0, so that the unit of a file changes no text. */
function fraction(behind: bigint, unit: bigint): string {
	const digits = String(unit + behind).slice(1);
	const shown = digits.replace(/(000)+$/, "");
	return shown && `.${shown}`;
}

function halfOf([low, high]: Uint8Array): number {
	const sign = high & 128 ? -1 : 1;
	const exponent = (high >> 2) & 31;
	const rest = ((high & 3) << 8) | low;
	if (exponent === 31) return rest ? Number.NaN : sign * Infinity;
	if (exponent === 0) return sign * rest * 2 ** -24;
	return sign * (1 + rest / 1024) * 2 ** (exponent - 15);
}

function uuidText(bytes: Uint8Array): string {
	return Buffer.from(bytes)
		.toString("hex")
		.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
