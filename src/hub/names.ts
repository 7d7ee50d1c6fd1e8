import { nearNames } from "../suggest";

/** What a repository of the hub holds. */
export type RepositoryKind = "model" | "dataset";

/** Whether a text has the form of a hub id, "name" or "organisation/name", by the hub's own rules. */
export function isHubId(id: string): boolean {
	return (
		id.length <= 160 &&
		/^(\w([\w.-]*\w)?\/)?\w([\w.-]*\w)?$/.test(id) &&
		!/--|\.\.|\.git$/.test(id) && // "--" stands for "/" in the cache's folder names
		id.split("/").every((part) => part.length <= 96)
	);
}

/** Throws unless `id` is a hub id. */
export function checkId(kind: RepositoryKind, id: string): void {
	if (isHubId(id)) return;
	throw new Error(
		`${quoted(id)} is not the hub id of a ${spoken(kind)}: give "name" or "organisation/name" of letters, digits, "_", "-" and ".", without ".." or "--".`,
	);
}

/** Throws unless `revision` is a branch, a tag or a commit that stays inside the cache's refs folder. */
export function checkRevision(revision: string): void {
	const parts = revision.split("/");
	if (
		revision.length <= 200 &&
		parts.every((part) => /^[\w+][\w.+-]*$/.test(part) && !part.includes(".."))
	)
		return;
	throw new Error(
		`${quoted(revision)} is not a revision of a repository: give a branch such as "main", a tag, or a commit.`,
	);
}

/** Throws unless `name` is the relative path of a file that stays inside its folder, on every system. */
export function checkFileName(name: string): void {
	const parts = name.split("/");
	if (
		name.length <= 1024 &&
		parts.length <= 32 &&
		parts.every((part) => /^[^\\:*?"<>|]{1,255}$/.test(part)) &&
		!parts.some((part) => /^\.{1,2}$/.test(part)) &&
		!hasControlCharacter(name)
	)
		return;
	throw new Error(
		`${quoted(name)} is not the name of a file inside a repository: it must be a relative path with "/", without "..", and free of special characters.`,
	);
}

/** Whether a text is a full commit. */
export function isCommit(text: string): boolean {
	return /^[0-9a-f]{40}$/.test(text);
}

/** An etag as the cache names its blobs: without quotes and the mark of weakness; undefined where it cannot be a file's name. */
export function plainEtag(etag: string): string | undefined {
	const plain = etag.replace(/^W\//, "").replace(/^"(.*)"$/, "$1");
	return /^[0-9A-Za-z][\w-]{0,127}$/.test(plain) ? plain : undefined;
}

/** How a kind of repository is called in a sentence. */
export function spoken(kind: RepositoryKind): string {
	return kind === "model" ? "model" : "data set";
}

/** A text from outside, in quotes and short, with its control characters escaped. */
export function quoted(text: string): string {
	return JSON.stringify(
		text.length > 100 ? `${text.slice(0, 100)}…` : text,
	).replace(/[\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, "?");
}

/** `; near names are …` for a sentence, or "" where there are none. */
export function near(name: string, names: string[]): string {
	const few = names.filter((other) => other.length <= 200).slice(0, 5000); // from outside: bounded
	const found = nearNames(name.slice(0, 200), few).map(quoted);
	return found.length ? `; near names are ${found.join(", ")}` : "";
}

function hasControlCharacter(text: string): boolean {
	for (let i = 0; i < text.length; i++) {
		const code = text.charCodeAt(i);
		if (code < 32 || (code >= 127 && code < 160)) return true;
	}
	return false;
}
