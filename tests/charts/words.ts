/** What stands in no sentence: what is no number, and one of many. */
export const unspeakable =
	/NaN|undefined|\bnull\b|Infinity|∞|\[object|(?<![\d.,])1 (test |true |new |dead |training |true |more )?(sentences|tokens|rows|clusters|classes|latents|labels|records|steps|positions|panels|directions|prompts|heads|layers|columns|others|tags|texts|groups|bins|predictions|points|resamples|channels|probes|blocks|SAEs|batches|bars)\b/;

/** The titles and subtitles of a chart and of its panels, a line each. */
export function wordsOf(spec: unknown): string {
	const lines: string[] = [];
	const visit = (value: unknown, key: string): void => {
		if (typeof value !== "object" || value === null) return;
		if (key === "data") return;
		if (key === "title" && "text" in value) {
			const { text, subtitle } = value as Record<string, string | string[]>;
			lines.push(...[text, subtitle ?? []].flat());
		}
		for (const [name, part] of Object.entries(value)) visit(part, name);
	};
	visit(spec, "");
	return lines.join("\n");
}
