/**
 * Whether a combination is kept out of every text and of the training: about one in twenty (one in ten for agreement, which has fewer), fixed for ever by a hash
 * (FNV-1a, 32 bits, with a final mix). The forced choices are made of these combinations only.
 */
export function isReserved(kind: string, a: string, b: string): boolean {
	let hash = 0x811c9dc5;
	const key = `${kind}|${a}|${b}`;
	for (let i = 0; i < key.length; i++)
		hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
	hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
	hash ^= hash >>> 13;
	return (hash >>> 0) % (kind === "agreement" ? 10 : 20) === 0;
}
