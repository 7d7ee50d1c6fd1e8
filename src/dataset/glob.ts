// Not picomatch (4.0.7) or minimatch (10.2.6): they make regular expressions, which some patterns keep busy for longer than
// anybody waits; and both read [^a] as "not a", which to fsspec is one of "^" and "a".

/**
 * Whether a pattern names a file, as Python's fsspec and `datasets` read patterns: "*" any characters of a name, "**"
 * any folders, "?" one character, "[ab]" and "[!ab]" one of these or none of them; what begins with a dot, and folders
 * that begin with "__", only where the pattern says so. Takes time in proportion to their lengths, whatever the pattern.
 */
export function matchesPattern(pattern: string, path: string): boolean {
	const wanted = pattern.split("/");
	const parts = path.split("/");
	if (count(parts, isHidden) !== count(wanted, isHidden)) return false;
	const folders = (all: string[]) => count(all.slice(0, -1), isSpecial);
	if (folders(parts) !== folders(wanted)) return false;
	if (wanted[wanted.length - 1] === "**") wanted.push("*"); // a folder is no file
	return sequence(
		wanted,
		parts,
		(part) => part === "**",
		(part, name) => (part === "*" ? name !== "" : matchesName(part, name)),
	);
}

/** Whether a path is a pattern. */
export function isPattern(path: string): boolean {
	return /[*?[]/.test(path);
}

const isHidden = (part: string) => part.startsWith(".") && !/^\.+$/.test(part);
const isSpecial = (part: string) => part.startsWith("__");
const count = (parts: string[], is: (part: string) => boolean) =>
	parts.filter(is).length;

function matchesName(pattern: string, name: string): boolean {
	const wanted = pattern.match(/\[!?[^\]][^\]]*\]|[\s\S]/gu) ?? [];
	return sequence(
		wanted,
		[...name],
		(part) => part === "*",
		(part, letter) =>
			part === "?" || part === letter || isInClass(part, letter),
	);
}

function isInClass(part: string, letter: string): boolean {
	if (part.length < 3 || part[0] !== "[") return false;
	const none = part[1] === "!";
	const letters = [...part.slice(none ? 2 : 1, -1)];
	const isIn = letters.some((one, i) =>
		letters[i + 1] === "-" && i + 2 < letters.length
			? one <= letter && letter <= letters[i + 2]
			: one === letter,
	);
	return isIn !== none;
}

/** Whether items fit a sequence of which some stand for any number of items; the last such one takes what is left. */
function sequence(
	wanted: string[],
	items: string[],
	isAny: (part: string) => boolean,
	fits: (part: string, item: string) => boolean,
): boolean {
	let part = 0;
	let item = 0;
	let any = -1;
	let after = 0;
	while (item < items.length) {
		if (part < wanted.length && isAny(wanted[part])) {
			any = part++;
			after = item;
		} else if (part < wanted.length && fits(wanted[part], items[item])) {
			part++;
			item++;
		} else if (any >= 0) {
			part = any + 1;
			item = ++after;
		} else return false;
	}
	while (part < wanted.length && isAny(wanted[part])) part++;
	return part === wanted.length;
}
