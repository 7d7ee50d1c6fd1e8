#!/usr/bin/env bash
# Sets SparseLens up: packages, build, Jupyter, the kernel; then runs the first notebook. ./kernel-setup.sh --help
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

usage() {
	cat <<-'TEXT'
		Usage: ./kernel-setup.sh [--no-run] [--peers] [--lab] [--help]

		Installs the packages, builds, registers the TypeScript kernel with Jupyter, and runs
		notebooks/00_quickstart.ipynb; its results appear under out/. A second run does only what is missing.

		  --no-run  sets up without running the notebook
		  --peers   also makes the Python environments that tests and benchmarks compare with, under .peers/,
		            and on Debian, as root, installs a browser and Jupyter's checks of kernels
		  --lab     sets up, then opens Jupyter in notebooks/
		  --help    shows this
	TEXT
}

say() { printf '\n\033[1m%s\033[0m\n' "$*"; }
fail() {
	printf 'kernel-setup: %s\n' "$*" >&2
	exit 1
}

check_node() {
	command -v node >/dev/null || fail "Node.js was not found: install Node.js 20.19 or newer from https://nodejs.org, then run this again."
	command -v npm >/dev/null || fail "npm was not found: install the npm that belongs to your Node.js, then run this again."
	node -e 'const [major, minor] = process.versions.node.split("."); process.exit(major > 20 || (major == 20 && minor >= 19) ? 0 : 1)' ||
		fail "Node.js $(node --version) is too old: SparseLens needs 20.19 or newer, from https://nodejs.org."
}

# Whether what is installed is what package-lock.json asks for, optional packages aside.
packages_installed() {
	node -e '
		const { readFileSync } = require("node:fs");
		const packages = (file) => JSON.parse(readFileSync(file, "utf8")).packages;
		const [wanted, found] = ["package-lock.json", "node_modules/.package-lock.json"].map(packages);
		const missing = Object.entries(wanted).filter(([name, { version, link, optional, devOptional }]) =>
			name && !link && !optional && !devOptional && found[name]?.version !== version);
		process.exit(missing.length || !require("node:fs").existsSync("node_modules/sparselens") ? 1 : 0);
	' 2>/dev/null
}

install_packages() {
	if packages_installed; then return; fi
	say "Installing npm packages"
	# onnxruntime-node carries its CPU binary; its install step, which npm 10 runs whatever package.json says, would fetch CUDA files
	export ONNXRUNTIME_NODE_INSTALL=skip
	# where the registry lacks another platform's binary, npm ci refuses the lock file; npm install follows it all the same
	npm ci --loglevel=error >/dev/null 2>&1 || npm install --no-save --loglevel=error ||
		fail "npm could not install the packages; the reason stands above."
}

build() {
	if [[ -f dist/.built && -z "$(find src package.json tsconfig.json -newer dist/.built -print -quit)" ]]; then return; fi
	say "Building"
	npm run --silent build || fail "The build failed; the reason stands above."
	touch dist/.built
}

# The names under which a Python with Jupyter may be found; the first that has it is taken.
pythons() {
	echo "$PWD/.venv/bin/python"
	local jupyter
	jupyter=$(command -v jupyter || true)
	if [[ -n "$jupyter" ]]; then sed -n '1s/^#! *\([^ ]*python[^ ]*\)$/\1/p' "$jupyter"; fi
	printf '%s\n' python3 python /usr/bin/python3 /usr/local/bin/python3
}

find_jupyter() {
	local candidate
	while read -r candidate; do
		if "$candidate" -c 'import jupyter_client, nbclient, nbconvert' 2>/dev/null; then
			PYTHON=$(command -v "$candidate")
			return 0
		fi
	done < <(pythons)
	return 1
}

on_debian_as_root() { [[ $(id -u) == 0 && -f /etc/debian_version ]] && command -v apt-get >/dev/null; }

install_debian() {
	export DEBIAN_FRONTEND=noninteractive
	apt-get update -qq && apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

# A virtual environment of our own; nothing is left of one that fails.
make_venv() {
	command -v python3 >/dev/null || return 1
	python3 -m venv .venv >/dev/null 2>&1 &&
		.venv/bin/python -m pip install --quiet --retries 1 --timeout 15 jupyterlab 2>/dev/null &&
		find_jupyter && return 0
	rm -rf .venv
	return 1
}

install_jupyter() {
	if find_jupyter; then return; fi
	say "Installing Jupyter"
	if make_venv; then return; fi
	echo "JupyterLab could not be installed with pip."
	if on_debian_as_root && install_debian jupyter-notebook jupyter-client python3-nbclient jupyter-nbconvert && find_jupyter; then return; fi
	fail "Jupyter was not found and could not be installed: run 'python3 -m pip install jupyterlab', or on Debian and Ubuntu 'sudo apt-get install jupyter-notebook jupyter-client python3-nbclient jupyter-nbconvert', then run this again."
}

# Registers the kernel for the user, with absolute paths; jupyter/kernels/ has the one for JUPYTER_PATH.
register_kernel() {
	KERNEL_FOLDER=$("$PYTHON" -c 'from jupyter_core.paths import jupyter_data_dir; print(jupyter_data_dir())')/kernels/sparselens
	mkdir -p "$KERNEL_FOLDER"
	node -e '
		const { readFileSync, writeFileSync } = require("node:fs");
		const { resolve } = require("node:path");
		const spec = JSON.parse(readFileSync("jupyter/kernels/sparselens/kernel.json", "utf8"));
		spec.argv = [process.execPath, "--enable-source-maps", resolve("dist/kernel/main.js"), "{connection_file}"];
		writeFileSync(process.argv[1], `${JSON.stringify(spec, null, "\t")}\n`);
	' "$KERNEL_FOLDER/kernel.json"
}

check_kernel() {
	JUPYTER_PATH="$PWD/jupyter" "$PYTHON" jupyter/check_kernel.py notebooks ||
		fail "The kernel does not run cells; what it said stands above."
}

nbconvert() { JUPYTER_PATH="$PWD/jupyter${JUPYTER_PATH:+:$JUPYTER_PATH}" "$PYTHON" -m nbconvert --log-level=WARN --output-dir out "$@"; }

print_key_numbers() {
	if [[ ! -f out/quickstart.json ]]; then return; fi
	say "Key numbers (out/quickstart.json)"
	node -p 'require("node:util").inspect(JSON.parse(require("node:fs").readFileSync("out/quickstart.json", "utf8")), { depth: 5, breakLength: 100 })'
}

# With another model than the bundled one, the results in out/ are not what is asked for.
quickstart_is_new() {
	[[ -z "${SPARSELENS_MODEL:-}" && -f out/00_quickstart.html ]] &&
		[[ -z "$(find "$1" dist/.built data -newer out/00_quickstart.html -print -quit)" ]]
}

run_quickstart() {
	local notebook=notebooks/00_quickstart.ipynb
	[[ -f "$notebook" ]] || fail "$notebook is missing."
	if quickstart_is_new "$notebook"; then
		echo "out/00_quickstart.html is newer than the notebook and what it uses; remove it to run the notebook again."
		print_key_numbers
		return
	fi
	say "Running $notebook"
	mkdir -p out
	rm -f out/00_quickstart.html
	nbconvert --to notebook --execute --ExecutePreprocessor.kernel_name=sparselens --ExecutePreprocessor.timeout=3600 "$notebook" ||
		fail "A cell of $notebook failed; it stands above, with its error."
	nbconvert --to html out/00_quickstart.ipynb
	echo "Wrote out/00_quickstart.ipynb and out/00_quickstart.html."
	print_key_numbers
}

# Whether an environment under .peers has every release that its list of requirements pins.
has_pinned() {
	"$1/bin/python" - "$2" <<-'PY' 2>/dev/null
		import sys
		from importlib.metadata import version
		pins = [line.split("==") for line in open(sys.argv[1]).read().split() if "==" in line]
		sys.exit(any(version(name).split("+")[0] != pin for name, pin in pins))
	PY
}

# PyTorch for CPUs: a wheel of this machine, else PyTorch's own index; where neither answers, PyPI's comes with the rest.
install_torch() {
	local pip=("$1/bin/python" -m pip install --quiet --no-deps) torch
	torch=$(grep '^torch==' "$2")
	"${pip[@]}" --no-index "$torch" 2>/dev/null ||
		"${pip[@]}" --retries 0 --timeout 10 --index-url https://download.pytorch.org/whl/cpu "$torch" 2>/dev/null || true
}

# An environment of pinned releases under .peers; nothing is left of one that fails, and the set-up goes on.
install_python_peer() {
	local folder=.peers/$1 pins=tests/peers/requirements-$1.txt log start=$SECONDS
	if has_pinned "$folder" "$pins"; then return; fi
	say "Making $folder"
	log=$(mktemp)
	rm -rf "$folder"
	mkdir -p .peers
	if python3 -m venv "$folder" >"$log" 2>&1 && install_torch "$folder" "$pins" &&
		"$folder/bin/python" -m pip install --quiet --retries 1 --timeout 30 -r "$pins" >"$log" 2>&1 && has_pinned "$folder" "$pins"; then
		echo "Made in $((SECONDS - start)) s."
	else
		rm -rf "$folder"
		echo "$folder could not be made, so the tests beside its releases will be skipped: $(grep -iE 'error' "$log" | tail -1 || true)"
	fi
	rm -f "$log"
}

install_debian_peers() {
	local names=(python3-jupyter-kernel-test chromium)
	if command -v dpkg >/dev/null && dpkg --status "${names[@]}" >/dev/null 2>&1; then return; fi
	if ! on_debian_as_root; then
		echo "A browser and Jupyter's checks of kernels come as Debian packages, as root: 'sudo apt-get install ${names[*]}'."
		return
	fi
	say "Installing what drives the kernel in tests"
	install_debian "${names[@]}" || fail "The packages ${names[*]} could not be installed."
}

install_peers() {
	install_python_peer sae-lens
	install_python_peer transformer-lens
	install_debian_peers
}

# What a check of npm test needs and this machine lacks, and which check that is; nothing where all is there.
skipped_checks() {
	local python peer
	for peer in sae-lens transformer-lens; do
		if ! has_pinned ".peers/$peer" "tests/peers/requirements-$peer.txt"; then
			echo "the tests beside $peer: no .peers/$peer with the pinned releases; --peers makes it where PyPI can be reached"
		fi
	done
	if [[ ! -x "${CHROMIUM:-/usr/bin/chromium}" ]]; then
		echo "a browser that drives Jupyter: no Chromium; --peers installs it on Debian, elsewhere name yours in CHROMIUM"
	elif [[ -z "$(front_end)" ]]; then
		echo "a browser that drives Jupyter: no JupyterLab or Notebook; '$PYTHON -m pip install jupyterlab' adds one"
	fi
	while read -r python; do
		if "$python" -c 'import jupyter_client, jupyter_kernel_test' 2>/dev/null; then return; fi
	done < <(pythons)
	echo "Jupyter's own checks of kernels: no jupyter_kernel_test; --peers installs it on Debian, elsewhere '$PYTHON -m pip install jupyter_kernel_test'"
}

report_checks() {
	local missing
	missing=$(skipped_checks)
	if [[ -z "$missing" ]]; then
		printf '%-14s %s\n' "npm test" "can run every check of the kernel"
	else
		sed 's/^/npm test       skips /' <<<"$missing"
	fi
}

# What opens notebooks here: lab or notebook.
front_end() {
	local name
	for name in lab notebook; do
		if "$PYTHON" -m jupyter "$name" --version >/dev/null 2>&1; then
			echo "$name"
			return
		fi
	done
}

report() {
	local front
	front=$(front_end)
	say "Open the notebooks with: npm run lab"
	if [[ -z "$front" ]]; then echo "This Jupyter runs notebooks but cannot show them: '$PYTHON -m pip install jupyterlab' adds that."; fi
	say "Found"
	printf '%-14s %s\n' \
		Node "$(node --version)" \
		Jupyter "${front:+$front $("$PYTHON" -m jupyter "$front" --version 2>/dev/null), }$PYTHON" \
		kernel "TypeScript (SparseLens), $KERNEL_FOLDER"
	node jupyter/engines.cjs
	report_checks
}

open_lab() {
	local front root=()
	front=$(front_end)
	[[ -n "$front" ]] || fail "This Jupyter has neither JupyterLab nor Notebook: run '$PYTHON -m pip install jupyterlab'."
	if [[ $(id -u) == 0 ]]; then root=(--allow-root); fi
	cd notebooks
	exec env JUPYTER_PATH="$PWD/../jupyter${JUPYTER_PATH:+:$JUPYTER_PATH}" "$PYTHON" -m jupyter "$front" "${root[@]}"
}

main() {
	local run=yes peers=no lab=no
	for option in "$@"; do
		case "$option" in
		--no-run) run=no ;;
		--peers) peers=yes ;;
		--lab) lab=yes run=no ;;
		--help | -h) usage && exit ;;
		*) fail "$option is not an option; ./kernel-setup.sh --help lists them." ;;
		esac
	done
	check_node
	install_packages
	build
	install_jupyter
	if [[ $peers == yes ]]; then install_peers; fi
	register_kernel
	check_kernel
	if [[ $run == yes ]]; then run_quickstart; fi
	report
	if [[ $lab == yes ]]; then open_lab; fi
}

main "$@"
