#!/usr/bin/env bash
# What `npm test` runs: sets up what is missing, then types, format, unit tests, notebooks and a browser, each with its time.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# Where everything can be installed and the fixtures are there, nothing else than these may be skipped.
allowed='real GPT-2|tfjs-node|GPU'
complete=no
if [[ $(id -u) == 0 && -f /etc/debian_version && -d ../shared/fixtures ]]; then complete=yes; fi

passed=0 failed=0 skipped=0
times=() refused=()

part() {
	local name=$1 start=$SECONDS before=$failed
	shift
	printf '\n== %s\n' "$name"
	if "$@"; then
		times+=("$name: $((SECONDS - start)) s")
	else
		times+=("$name: $((SECONDS - start)) s, FAILED")
		if ((failed == before)); then failed=$((failed + 1)); fi # no test that was counted
	fi
}

set_up() {
	local options=(--no-run)
	if [[ $(id -u) == 0 && -f /etc/debian_version ]]; then options+=(--peers); fi
	./kernel-setup.sh "${options[@]}"
}

# The versions that tests/peers compare with. Where PyPI does not answer they cannot be made, and may be skipped.
peers() {
	local name python
	for name in sae-lens transformer-lens; do
		python=.peers/$name/bin/python
		if [[ -x $python ]]; then
			echo "$name: $("$python" - "tests/peers/requirements-$name.txt" <<-'PY'
				import sys
				from importlib.metadata import version
				names = [line.split("==")[0] for line in open(sys.argv[1]).read().split() if "==" in line]
				print(", ".join(f"{name} {version(name)}" for name in names))
			PY
			)"
		elif python3 -m pip index --retries 1 --timeout 15 versions "$name" >/dev/null 2>&1; then
			echo "$name: not there, though PyPI answers; why stands above."
		else
			echo "$name: not there, and PyPI does not answer: what is compared with it is skipped."
			allowed+="|$name is not installed"
		fi
	done
}

types() { node node_modules/typescript/bin/tsc; }
format() { node_modules/.bin/biome check .; }

count() { sed -n "s/^# $1 \([0-9]*\)$/\1/p" "$2" | tail -1; }

# Runs test files: the report goes to the screen, a second one in TAP is counted.
run_tests() {
	local tap status=0
	tap=$(mktemp)
	node --import tsx --test --test-concurrency=2 \
		--test-reporter=spec --test-reporter-destination=stdout \
		--test-reporter=tap --test-reporter-destination="$tap" "$@" || status=1
	passed=$((passed + $(count pass "$tap")))
	failed=$((failed + $(count fail "$tap") + $(count cancelled "$tap")))
	skipped=$((skipped + $(count skipped "$tap")))
	mapfile -t -O "${#refused[@]}" refused < <(sed -n 's/^ *ok [0-9]* - \(.*# SKIP.*\)$/\1/p' "$tap" | grep -vE "$allowed")
	rm -f "$tap"
	return "$status"
}

unit_tests() {
	mapfile -t files < <(find tests -name '*.test.ts' -not -path 'tests/notebooks/*' -not -path 'tests/browser/*' | sort)
	run_tests "${files[@]}"
}

notebooks() { run_tests tests/notebooks/*.test.ts; }
browser() { run_tests tests/browser/*.test.ts; }

part "Set-up" set_up
if [[ $failed == 0 ]]; then
	part "Peers" peers
	part "Types" types
	part "Format" format
	part "Unit tests" unit_tests
	part "Notebooks" notebooks
	part "Browser" browser
fi

printf '\n== Times\n'
printf '%s\n' "${times[@]}"
if ((${#refused[@]})); then
	printf '\n== Skipped\n'
	printf '%s\n' "${refused[@]}"
	if [[ $complete == yes ]]; then
		echo "Nothing that can be installed may be skipped here."
		failed=$((failed + 1))
	fi
fi
printf '\n%s passed, %s failed, %s skipped\n' "$passed" "$failed" "$skipped"
((failed == 0))
