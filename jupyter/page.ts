import { escapeHtml, oneLine } from "../src/notebook/html";
import { type Notebook, textOf } from "./normalise";

/** What the index says of a notebook. */
export interface Entry {
	/** Where its page lies, relative to the index. */
	href: string;
	title: string;
	/** What it is about, in a sentence or two. */
	summary: string;
}

/** The entry of a notebook: the heading of its first markdown cell, and how the text after it begins. */
export function entryOf(name: string, { cells }: Notebook): Entry {
	const first = cells.find(({ cell_type }) => cell_type === "markdown");
	const paragraphs = textOf(first?.source).split(/\n\s*\n/);
	const heading = paragraphs.findIndex((p) => /^#+ /.test(p.trim()));
	const [title, ...below] = (paragraphs[heading] ?? `# ${name}`)
		.trim()
		.split("\n");
	const text = below.join("\n").trim() || (paragraphs[heading + 1] ?? "");
	const [prose] = text.split(/\n\s*(?:[-*+]|\d+[.)])\s/); // a list may follow
	return {
		href: `${encodeURIComponent(name)}.html`,
		title: plain(title.replace(/^#+ /, "")),
		summary: oneLine(sentences(plain(prose), 240), 400),
	};
}

/** As many whole sentences as fit, and at least one; what is left unfinished goes. */
function sentences(text: string, limit: number): string {
	const [first = text, ...rest] = text.match(/.+?[.!?](?=\s|$)/g) ?? [];
	let result = first;
	for (const next of rest) {
		if (result.length + next.length > limit) break;
		result += next;
	}
	return result;
}

/** Markdown without its marks. */
function plain(markdown: string): string {
	return markdown
		.replace(/!?\[([^\]]*)\]\([^)]*\)/g, "$1")
		.replace(/[*`$]/g, "")
		.replace(/\s+/g, " ")
		.trim();
}

/** nbconvert's page of a notebook: links to other notebooks lead to their pages, and it is dark where the reader's system is. */
export function notebookPage(html: string, names: string[]): string {
	const pages = names.map(encodeURI);
	return html
		.replace(
			/(<a href="(?:\.\/)?)([^"/]+)\.ipynb(?=["#])/g,
			(link, before, name) =>
				pages.includes(name) ? `${before}${name}.html` : link,
		)
		.replace("</head>", () => `${dark}</head>`);
}

/** The colours of JupyterLab's dark theme, under the names that its pages use. */
const dark = `<style>
@media (prefers-color-scheme: dark) { :root { color-scheme: dark;
	--jp-layout-color0: #15181c; --jp-layout-color1: #1c2025; --jp-layout-color2: #2b3036; --jp-layout-color3: #4a5058;
	--jp-border-color0: #4a5058; --jp-border-color1: #4a5058; --jp-border-color2: #3a4047; --jp-border-color3: #2b3036;
	--jp-ui-font-color0: #fff; --jp-ui-font-color1: #e6e6e6; --jp-content-font-color0: #fff; --jp-content-font-color1: #e6e6e6;
	--jp-content-font-color2: #b8bec5; --jp-content-font-color3: #8f969d; --jp-content-link-color: #7ab8ff;
	--jp-cell-editor-background: #1c2025; --jp-cell-editor-border-color: #3a4047;
	--jp-cell-prompt-not-active-font-color: #8f969d; --jp-cell-inprompt-font-color: #6aaef0; --jp-cell-outprompt-font-color: #e08b6f;
	--jp-rendermime-table-row-background: #1c2025; --jp-rendermime-table-row-hover-background: #23384a;
	--jp-mirror-editor-keyword-color: #4cc25a; --jp-mirror-editor-atom-color: #7ab8ff; --jp-mirror-editor-number-color: #6fd07a;
	--jp-mirror-editor-def-color: #7ab8ff; --jp-mirror-editor-variable-color: #e0e0e0; --jp-mirror-editor-variable-2-color: #7ab8ff;
	--jp-mirror-editor-variable-3-color: #4cc25a; --jp-mirror-editor-punctuation-color: #7ab8ff;
	--jp-mirror-editor-property-color: #7ab8ff; --jp-mirror-editor-operator-color: #c792ff;
	--jp-mirror-editor-comment-color: #6fb0b0; --jp-mirror-editor-string-color: #ff8f8f; --jp-mirror-editor-builtin-color: #4cc25a;
} }
</style>
`;

/** The page that lists the notebooks. */
export function indexPage(entries: Entry[]): string {
	const items = entries.map(
		({ href, title, summary }) =>
			`<li><a href="${escapeHtml(href)}">${escapeHtml(title)}</a><p>${escapeHtml(summary)}</p></li>`,
	);
	return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>SparseLens: the notebooks</title>
<style>
:root { color-scheme: light dark; }
body { font: 17px/1.5 system-ui, sans-serif; max-width: 42rem; margin: 3rem auto; padding: 0 1rem;
	color: light-dark(#1f2328, #e6e6e6); background: light-dark(#fff, #15181c); }
ol { padding-left: 1.6rem; } li { margin: 1.2rem 0; } p { margin: 0.2rem 0; }
a { color: light-dark(#0b5cad, #7ab8ff); font-weight: 600; text-decoration: none; } a:hover { text-decoration: underline; }
.about { color: light-dark(#59636e, #a2a9b0); }
</style>
</head>
<body>
<h1>SparseLens</h1>
<p class="about">Mechanistic interpretability of GPT-2 in TypeScript notebooks. Each runs alone, from top to bottom.</p>
<ol start="0">
${items.join("\n")}
</ol>
</body>
</html>
`;
}
