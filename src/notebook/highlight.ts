import type { Clustering } from "../cluster";
import { several } from "../say";
import { asHtml, escapeHtml, type Html, oneLine } from "./html";

/** Characters of a sentence and how strongly they speak for the cluster, 0 to 1. */
interface Span {
	start: number;
	end: number;
	strength: number;
}

const max_clusters = 50;
const max_characters = 600;

/**
 * The sentences nearest to each cluster's centre, their activating tokens shaded by strength, under a line with the
 * cluster's size and the tokens and latents that mark it. For `show`. Every text is escaped; at most 50 clusters are
 * shown and 600 characters of a sentence. As plain text the strongest tokens stand in [brackets].
 */
export function highlight(clustering: Clustering): Html {
	const clusters = clustering.sizes
		.slice(0, max_clusters)
		.map((size, cluster) => ({
			head: headOf(clustering, cluster, size),
			sentences: clustering.exemplars.flatMap((exemplar, i) =>
				exemplar.cluster === cluster
					? [
							{
								text: clustering.sentences.text[exemplar.sentence],
								spans: clustering.activating[i] ?? [],
							},
						]
					: [],
			),
		}));
	const html = clusters.map(
		({ head, sentences }) =>
			`<div style="margin:10px 0 4px"><b>${escapeHtml(head.name)}</b> ${escapeHtml(head.marks)}</div>` +
			`<ul style="margin:0;padding-left:20px;list-style:none">${sentences.map(({ text, spans }) => `<li style="margin:3px 0;line-height:1.6">${shade(text, spans)}</li>`).join("")}</ul>`,
	);
	const text = clusters.flatMap(({ head, sentences }) => [
		`${head.name} ${head.marks}`.trim(),
		...sentences.map(({ text, spans }) => `  ${bracket(text, spans)}`),
	]);
	return asHtml(`<div>${html.join("")}</div>`, text.join("\n"));
}

function headOf(clustering: Clustering, cluster: number, size: number) {
	const of = <T extends { cluster: number }>(list: T[], limit: number) =>
		list.filter((item) => item.cluster === cluster).slice(0, limit);
	const tokens = of(clustering.tokens, 8).map(({ token }) =>
		oneLine(token, 24),
	);
	const latents = of(clustering.marks, 5).map(({ latent }) => latent);
	return {
		name: `Cluster ${cluster}: ${several(size, "sentence")}`,
		marks: [
			tokens.length ? `tokens ${tokens.join(" · ")}` : "",
			latents.length ? `latents ${latents.join(", ")}` : "",
		]
			.filter(Boolean)
			.join("; "),
	};
}

/** Blue, deeper for the stronger, mixed with white: black letters can be read on it in light and dark themes. */
function shade(text: string, spans: Span[]): string {
	return pieces(text, spans)
		.map(({ part, strength }) =>
			strength > 0
				? `<span style="background:${blue(strength)};color:#000;border-radius:3px" title="strength ${strength.toFixed(2)}">${escapeHtml(part)}</span>`
				: escapeHtml(part),
		)
		.join("");
}

function blue(strength: number): string {
	const depth = 0.12 + 0.88 * strength;
	const mixed = [86, 180, 233].map((c) => Math.round(255 + depth * (c - 255)));
	return `rgb(${mixed.join(",")})`;
}

function bracket(text: string, spans: Span[]): string {
	return pieces(text, spans)
		.map(({ part, strength }) => {
			if (strength < 0.5) return part;
			const [, before, word] = /^(\s*)([\s\S]*)$/.exec(part) ?? ["", "", part];
			return `${before}[${word}]`;
		})
		.join("")
		.replace(/\s+/g, " ");
}

/** A text cut where the strength changes; where spans overlap the strongest counts. */
function pieces(
	text: string,
	spans: Span[],
): { part: string; strength: number }[] {
	const length = Math.min(text.length, max_characters);
	const strength = new Float32Array(length);
	for (const span of spans)
		for (let i = Math.max(0, span.start); i < Math.min(length, span.end); i++)
			strength[i] = Math.max(strength[i], Math.min(1, span.strength || 0));
	const out: { part: string; strength: number }[] = [];
	for (let from = 0; from < length; ) {
		let to = from + 1;
		while (to < length && strength[to] === strength[from]) to++;
		out.push({ part: text.slice(from, to), strength: strength[from] });
		from = to;
	}
	if (text.length > length) out.push({ part: "…", strength: 0 });
	return out;
}
