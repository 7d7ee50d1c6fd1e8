import assert from "node:assert/strict";
import test from "node:test";
import { recordHtml } from "../../src/notebook/records";
import { plantedDictionary, recovery } from "../../src/sae";

test("a planted dictionary is shown by its sizes, and a recovery by its shares", async () => {
	const planted = plantedDictionary({
		n_tokens: 10,
		d_in: 4,
		d_true: 6,
		active: 2,
	});
	const { text } = recordHtml(planted);
	assert.match(text, /rows\s+10\n/);
	assert.match(text, /d_true \(directions\)\s+6\n/);
	assert.match(text, /directions per row\s+2$/m);
	const found = await recovery(
		Float32Array.of(1, 0, 0, 1),
		{ W_dec: Float32Array.of(0.6, 0.8), cfg: { d_in: 2 } },
		{ threshold: 0.7 },
	);
	const shown = recordHtml(found).text;
	assert.match(shown, /mean max cosine\s+0\.7\b/);
	assert.match(shown, /share with a cosine of at least 0\.7\s+0\.5\n/);
	assert.match(shown, /lowest max cosine\s+0\.6\b/);
});
