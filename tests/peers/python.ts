// The peers' own Pythons, as `./kernel-setup.sh --peers` makes them under .peers/.
import { spawnSync } from "node:child_process";
import { join } from "node:path";

/** One environment of pinned releases; `skip` is the reason to leave its tests out, false where it stands. */
export interface Peer {
	python: string;
	skip: string | false;
}

function peer(name: string, module: string): Peer {
	const python = join(__dirname, "../../.peers", name, "bin/python");
	const found = spawnSync(python, [
		"-c",
		`import importlib.util as u; raise SystemExit(u.find_spec("${module}") is None)`,
	]);
	const reason = `${name} is not installed: ./kernel-setup.sh --peers does it where PyPI can be reached`;
	return { python, skip: found.status === 0 ? false : reason };
}

/** sae-lens with transformer-lens below 4, and scikit-learn, transformers, datasets, pandas, pyarrow. */
export const saeLens = peer("sae-lens", "sae_lens");
/** transformer-lens 4, which cannot stand beside sae-lens. */
export const transformerLens = peer("transformer-lens", "transformer_lens");

/** Runs a script with `given` as its variables; what it leaves in `result` comes back. Numbers that are not finite may be in both. */
export function ask<T>(peer: Peer, script: string, given: object): T {
	const whole = [
		"import json, sys, warnings",
		'warnings.filterwarnings("ignore")',
		"import numpy as np",
		"globals().update(json.load(sys.stdin))",
		"_answer, sys.stdout = sys.stdout, sys.stderr",
		script,
		"json.dump(result, _answer)",
	].join("\n");
	const { status, stdout, stderr } = spawnSync(peer.python, ["-c", whole], {
		input: JSON.stringify(given),
		encoding: "utf8",
		maxBuffer: 1e9,
		env: {
			...process.env,
			HF_HUB_OFFLINE: "1",
			TOKENIZERS_PARALLELISM: "false",
		},
	});
	if (status !== 0) throw new Error(stderr);
	return JSON.parse(
		stdout.replace(/(?<=[[:, ])(NaN|-?Infinity)(?=[\],}])/g, '"$1"'),
		(_, value) => (/^(NaN|-?Infinity)$/.test(value) ? Number(value) : value),
	) as T;
}
