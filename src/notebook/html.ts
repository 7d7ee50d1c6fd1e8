/** HTML that this project made, with the same as plain text for where HTML is not shown. */
export interface Html {
	html: string;
	text: string;
}

const made = new WeakSet<object>();

/** Marks HTML as made here, every piece of outside text escaped: `show` takes no other. */
export function asHtml(html: string, text: string): Html {
	const result = { html, text };
	made.add(result);
	return result;
}

/** Whether a value is HTML that was made here. */
export function isHtml(value: unknown): value is Html {
	return typeof value === "object" && value !== null && made.has(value);
}

const entities: Record<string, string> = {
	"&": "&amp;",
	"<": "&lt;",
	">": "&gt;",
	'"': "&quot;",
	"'": "&#39;",
};

/** A text as HTML that shows exactly that text, in an element or in a quoted attribute. */
export function escapeHtml(text: string): string {
	return text.replace(/[&<>"']/g, (c) => entities[c]);
}

/** A text of at most `limit` characters on one line. */
export function oneLine(text: string, limit: number): string {
	const most = 10 * limit; // of a text of any length no more is looked at
	const head = text.length > most ? `${text.slice(0, most)}…` : text;
	const flat = head.replace(/\s+/g, " ").trim();
	if (flat.length <= limit) return flat;
	return `${flat.slice(0, limit - 1).replace(/[\ud800-\udbff]$/, "")}…`;
}
