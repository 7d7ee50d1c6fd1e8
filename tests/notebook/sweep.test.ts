import assert from "node:assert/strict";
import test from "node:test";
import { displayOf } from "../../src/notebook";
import { trainSweep } from "../../src/sae";
import { planted } from "../sae/fakes";

test("a sweep shows what each SAE was trained with, how it ended, and why one failed", async () => {
	const { acts } = planted(500, { d_in: 12, d_true: 24, active: 3 });
	const sweep = await trainSweep(
		acts,
		{
			architecture: "standard",
			train_batch_size_tokens: 100,
			training_tokens: 1000,
		},
		{ d_sae: [16, 32], lr: [0.001, 1e30] },
	);
	const display = await displayOf(sweep);
	const shown = String(display?.data["text/plain"]);
	assert.match(shown, /A sweep of 4 SAEs, 2 failed/);
	assert.match(shown, /16 +0\.001 .*whole/);
	assert.match(shown, /32 +0\.001 .*whole/);
	assert.match(shown, /16 +1e\+30 .*The loss is no number any more/);
});
