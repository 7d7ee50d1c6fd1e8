import assert from "node:assert/strict";
import { test } from "node:test";
import * as vega from "vega";
import { compile, type TopLevelSpec } from "vega-lite";
import { type Color, clipAll, ink, palette } from "../../src/charts/theme";
import { prepareChart } from "../../src/notebook/picture";
import { all } from "./all";

/** What JupyterLab adds to a chart in its dark theme, as far as it matters here. */
const dark_theme = {
	background: "#333",
	title: { color: "#fff", subtitleColor: "#fff" },
	style: { "guide-label": { fill: "#fff" }, "guide-title": { fill: "#fff" } },
	axis: { domainColor: "#fff", gridColor: "#888", tickColor: "#fff" },
};

type Rgb = [number, number, number];

function rgb(color: string): Rgb {
	return [1, 3, 5].map((i) =>
		Number.parseInt(color.slice(i, i + 2), 16),
	) as Rgb;
}

/** Without sRGB's gamma, 0 to 1. */
function linear(color: string): Rgb {
	return rgb(color)
		.map((c) => c / 255)
		.map((c) =>
			c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4,
		) as Rgb;
}

/** Relative luminance and contrast as WCAG 2 defines them. */
function contrast(a: string, b: string): number {
	const [dark, light] = [a, b]
		.map(linear)
		.map(([r, g, b]) => 0.2126 * r + 0.7152 * g + 0.0722 * b)
		.sort((x, y) => x - y);
	return (light + 0.05) / (dark + 0.05);
}

/** [on light paper, on dark paper] */
function both({ expr }: Color): [string, string] {
	const [, dark, light] =
		/^luminance\(background\) < 0\.2 \? '(#\w{6})' : '(#\w{6})'$/.exec(expr) ??
		[];
	return [light, dark];
}

test("contrast is WCAG's: 21 between black and white, 1 of a colour with itself", () => {
	assert.equal(contrast("#000000", "#ffffff").toFixed(2), "21.00");
	assert.equal(contrast("#0072b2", "#0072b2"), 1);
});

test("letters can be read and areas be seen on white and on JupyterLab's dark paper", () => {
	for (const [i, paper] of ["#ffffff", "#333333"].entries()) {
		assert.ok(contrast(both(ink.text)[i], paper) > 10);
		assert.ok(contrast(both(ink.faint)[i], paper) > 4.5);
		assert.ok(contrast(both(ink.main)[i], paper) > 3);
		assert.ok(contrast(both(ink.main)[i], "#ffffff") > 3.7); // white letters on it
		for (const color of palette)
			assert.ok(contrast(both(color)[i], paper) > (i ? 3 : 2), color.expr);
	}
});

/** Dichromats' sight, from linear RGB to linear RGB: Machado, Oliveira and Fernandes 2009, severity 1. */
const sights: Record<string, number[][]> = {
	normal: [
		[1, 0, 0],
		[0, 1, 0],
		[0, 0, 1],
	],
	protanopia: [
		[0.152286, 1.052583, -0.204868],
		[0.114503, 0.786281, 0.099216],
		[-0.003882, -0.048116, 1.051998],
	],
	deuteranopia: [
		[0.367322, 0.860646, -0.227968],
		[0.280085, 0.672501, 0.047413],
		[-0.01182, 0.04294, 0.968881],
	],
	tritanopia: [
		[1.255528, -0.076749, -0.178779],
		[-0.078411, 0.930809, 0.147602],
		[0.004733, 0.691367, 0.3039],
	],
};

/** CIE Lab under D65. */
function lab([r, g, b]: Rgb): Rgb {
	const [x, y, z] = [
		(0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.9505,
		0.2126 * r + 0.7152 * g + 0.0722 * b,
		(0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.089,
	].map((t) => (t > 0.008856 ? Math.cbrt(t) : 7.787 * t + 16 / 116));
	return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}

test("the first six colours are told apart with every kind of colour vision, on light and dark paper", () => {
	for (const [sight, matrix] of Object.entries(sights))
		for (const side of [0, 1]) {
			const seen = palette.slice(0, 6).map((color) => {
				const light = linear(both(color)[side]);
				return lab(
					matrix.map((row) =>
						Math.min(
							1,
							Math.max(
								0,
								row.reduce((sum, m, i) => sum + m * light[i], 0),
							),
						),
					) as Rgb,
				);
			});
			for (const [i, a] of seen.entries())
				for (const [j, b] of seen.slice(0, i).entries()) {
					const apart = Math.hypot(...a.map((c, k) => c - b[k]));
					assert.ok(
						apart > 12,
						`${sight}, ${side ? "dark" : "light"}: ${i} and ${j} are ${apart.toFixed(1)} apart`,
					);
				}
		}
});

test("texts that are the same when cut lose their middle, then are numbered; those that are the same stay so", () => {
	assert.deepEqual(
		clipAll(["abcdefghijkl", "short", "abcdefghijmn", "abcdefghijkl"], 10),
		["abcdefghi…", "short", "abcd…hijmn", "abcdefghi…"],
	);
	assert.deepEqual(
		clipAll(["1234567a0123", "1234567b0123", "1234567c0123"], 8),
		["1234567…", "123…0123", "12… (3)"],
	);
});

for (const [name, spec] of Object.entries(all)) {
	test(`the ${name} chart draws nothing dark on dark paper, and nothing pale on light paper`, async () => {
		const dark = compile(spec as TopLevelSpec, { config: dark_theme }).spec;
		const papers = [
			{ drawn: prepareChart(spec), paper: "#ffffff", text: both(ink.text)[0] },
			{ drawn: dark, paper: "#333333", text: both(ink.text)[1] },
		];
		for (const { drawn, paper, text } of papers) {
			const view = new vega.View(vega.parse(drawn), { renderer: "none" });
			const svg = await view.toSVG();
			view.finalize();
			assert.ok(
				svg.includes(`fill="${text}"`),
				"its title has the theme's ink",
			);
			// Letters on areas are looked at elsewhere: these are of the guides and titles.
			const letters = [
				...svg.matchAll(
					/class="mark-text role-(?:axis|legend|title)[^"]*".*?<\/g>/g,
				),
			].flatMap(([group]) => [...group.matchAll(/fill="(#\w{6})"/g)]);
			assert.ok(letters.length > 3);
			for (const [, color] of letters)
				assert.ok(contrast(color, paper) > 4.5, `${color} on ${paper}`);
		}
	});
}
