import assert from "node:assert/strict";
import { test } from "node:test";
import { difference } from "../../../src/sae/training/course";

test("a checkpoint of jumprelu whose estimator moved the thresholds alone is refused, whatever options are given", () => {
	const settings = { architecture: "jumprelu", d_sae: 64, lr: 0.003 };
	const now = {
		settings: { ...settings, estimator: "encoder and thresholds" },
		data: { d_in: 8 },
	};
	const older = { settings, data: { d_in: 8 } };
	assert.match(
		difference("a/128", older, now) ?? "",
		/^The checkpoint a\/128 is of an older version, whose jumprelu moved its thresholds alone .*: train anew without resume_from_checkpoint\.$/,
	);
	assert.equal(difference("a/128", now, now), undefined);
});
