import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
	chmodSync,
	copyFileSync,
	existsSync,
	lutimesSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	symlinkSync,
	writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { noKernel, root } from "../jupyter";

const temporary = () => mkdtempSync(join(tmpdir(), "sparselens-setup-"));

/** Runs kernel-setup.sh with other environment variables. */
function setup(args: string[], env: NodeJS.ProcessEnv = {}) {
	return spawnSync("bash", [join(root, "kernel-setup.sh"), ...args], {
		encoding: "utf8",
		env: { ...process.env, ...env },
	});
}

/** A folder with a program of this name and text, to be put at the front of PATH. */
function standIn(name: string, text: string): string {
	const folder = temporary();
	writeFileSync(join(folder, name), `#!/bin/sh\n${text}\n`);
	chmodSync(join(folder, name), 0o755);
	return `${folder}:${process.env.PATH}`;
}

test("kernel-setup.sh --help names every option and does nothing", () => {
	const { status, stdout } = setup(["--help"]);
	assert.equal(status, 0);
	for (const option of ["--no-run", "--peers", "--lab", "--help"]) {
		assert.ok(stdout.includes(option), option);
	}
});

test("an option that does not exist is refused by name", () => {
	const { status, stderr } = setup(["--fast"]);
	assert.equal(status, 1);
	assert.equal(
		stderr,
		"kernel-setup: --fast is not an option; ./kernel-setup.sh --help lists them.\n",
	);
});

test("a Node.js that is too old is refused with the version that is needed", () => {
	const PATH = standIn(
		"node",
		'[ "$1" = --version ] && echo v18.19.0; [ "$1" = --version ]',
	);
	const { status, stderr } = setup(["--no-run"], { PATH });
	assert.equal(status, 1);
	assert.match(
		stderr,
		/Node\.js v18\.19\.0 is too old: SparseLens needs 20\.19/,
	);
});

test("a set-up that is complete is only checked, and registers the kernel with absolute paths", {
	skip: noKernel,
}, () => {
	const JUPYTER_DATA_DIR = temporary();
	setup(["--no-run"], { JUPYTER_DATA_DIR }); // completes it where something was changed since
	const { status, stdout, stderr } = setup(["--no-run"], { JUPYTER_DATA_DIR });
	assert.equal(status, 0, stdout + stderr);
	assert.doesNotMatch(stdout, /Installing|Building/);
	for (const row of [
		"Node",
		"Jupyter",
		"kernel",
		"ONNX Runtime",
		"tfjs",
		"npm test",
	]) {
		assert.match(stdout, new RegExp(`^${row} +\\S`, "m"));
	}
	const spec = JSON.parse(
		readFileSync(
			join(JUPYTER_DATA_DIR, "kernels/sparselens/kernel.json"),
			"utf8",
		),
	);
	assert.equal(spec.display_name, "TypeScript (SparseLens)");
	assert.equal(spec.argv[0], process.execPath);
	assert.equal(spec.argv[2], join(root, "dist/kernel/main.js"));
	assert.ok(existsSync(spec.argv[2]));
});

test("what npm test would skip is said, with how to get it", {
	skip: noKernel,
}, () => {
	const JUPYTER_DATA_DIR = temporary();
	const CHROMIUM = join(JUPYTER_DATA_DIR, "not-there");
	const { stdout } = setup(["--no-run"], { JUPYTER_DATA_DIR, CHROMIUM });
	assert.match(
		stdout,
		/^npm test +skips a browser that drives Jupyter: no Chromium; --peers installs it/m,
	);
});

test("where PyPI gives nothing, --peers leaves no half-made environment, says why and what is skipped, and goes on", {
	skip: noKernel,
}, () => {
	const folder = temporary();
	for (const name of readdirSync(root))
		if (!["kernel-setup.sh", ".peers", ".git"].includes(name)) {
			symlinkSync(join(root, name), join(folder, name));
			lutimesSync(join(folder, name), 0, 0); // no newer than what is built
		}
	const script = join(folder, "kernel-setup.sh");
	copyFileSync(join(root, "kernel-setup.sh"), script);
	const { status, stdout, stderr } = spawnSync(
		"bash",
		[script, "--no-run", "--peers"],
		{
			encoding: "utf8",
			env: {
				...process.env,
				PATH: standIn("dpkg", "exit 0"),
				JUPYTER_DATA_DIR: temporary(),
				PIP_CONFIG_FILE: "/dev/null",
				PIP_NO_INDEX: "1",
				PIP_FIND_LINKS: temporary(),
			},
		},
	);
	assert.equal(status, 0, stdout + stderr);
	for (const name of ["sae-lens", "transformer-lens"]) {
		assert.match(
			stdout,
			new RegExp(
				`^\\.peers/${name} could not be made, so the tests beside its releases will be skipped: ERROR: .*torch==`,
				"m",
			),
		);
		assert.match(
			stdout,
			new RegExp(
				`^npm test +skips the tests beside ${name}: .* --peers makes it where PyPI can be reached`,
				"m",
			),
		);
	}
	assert.deepEqual(readdirSync(join(folder, ".peers")), []);
});

test("npm warns of nothing in the project's settings", () => {
	const { status, stderr } = spawnSync("npm", ["pkg", "get", "name"], {
		cwd: root,
		encoding: "utf8",
	});
	assert.equal(status, 0, stderr);
	assert.doesNotMatch(stderr, /project config/);
});

test("the packages are installed without the CUDA files of onnxruntime-node, whatever npm there is", () => {
	const folder = temporary();
	copyFileSync(join(root, "kernel-setup.sh"), join(folder, "kernel-setup.sh"));
	const PATH = standIn(
		"npm",
		`echo "$ONNXRUNTIME_NODE_INSTALL $1" >> "${folder}/calls"; exit 1`,
	);
	const env: NodeJS.ProcessEnv = { ...process.env, PATH };
	delete env.ONNXRUNTIME_NODE_INSTALL;
	const script = join(folder, "kernel-setup.sh");
	const { status, stderr } = spawnSync("bash", [script, "--no-run"], {
		encoding: "utf8",
		env,
	});
	assert.equal(status, 1);
	assert.match(stderr, /npm could not install the packages/);
	assert.equal(
		readFileSync(join(folder, "calls"), "utf8"),
		"skip ci\nskip install\n",
	);
	const { allowScripts } = JSON.parse(
		readFileSync(join(root, "package.json"), "utf8"),
	);
	assert.equal(allowScripts["onnxruntime-node"], false); // for npm 11, also without kernel-setup.sh
	const install = join(root, "node_modules/onnxruntime-node/script/install.js");
	const skipped = spawnSync(process.execPath, [install], {
		encoding: "utf8",
		env: { ...env, ONNXRUNTIME_NODE_INSTALL: "skip" },
	});
	assert.equal(skipped.status, 0, skipped.stderr);
	assert.equal(skipped.stdout + skipped.stderr, "");
});

test("the kernelspec for JUPYTER_PATH leads to the built kernel", () => {
	const folder = join(root, "jupyter/kernels/sparselens");
	const { argv } = JSON.parse(
		readFileSync(join(folder, "kernel.json"), "utf8"),
	);
	const program = argv[2].replace("{resource_dir}", folder);
	assert.equal(join(program), join(root, "dist/kernel/main.js"));
});
