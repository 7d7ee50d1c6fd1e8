#!/usr/bin/env bash
# npm run test:node -- 22 24 26 [test files]: the unit tests on other versions of Node.js, which the npm package `node` brings
# into the system's temporary folder. Without files: all but those of the set-up, notebooks, browser and benchmarks.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

versions=() files=()
for word in "$@"; do
	if [[ $word =~ ^[0-9]+(\.[0-9]+)*$ ]]; then versions+=("$word"); else files+=("$word"); fi
done
if ((${#versions[@]} == 0)); then
	echo "No version was given; say which Node.js is to run the tests: npm run test:node -- 22 24 26" >&2
	exit 2
fi
if [[ ! -f dist/index.js ]]; then npm run --silent build || exit 1; fi
if ((${#files[@]} == 0)); then
	mapfile -t files < <(find tests -name '*.test.ts' | grep -vE '^tests/(notebooks|browser|bench|setup|peers|data)/' | sort)
fi

cache=${TMPDIR:-/tmp}/sparselens-nodes-$(id -u)
count() { sed -n "s/^# $1 \([0-9]*\)$/\1/p" "$2" | tail -1; }

rows=() status=0
for version in "${versions[@]}"; do
	at=$cache/$version
	node=$at/node_modules/node/bin/node
	if [[ ! -x $node ]]; then
		mkdir -p "$at"
		npm install --prefix "$at" --no-fund --no-audit --loglevel=error "node@$version" >"$at/install.log" 2>&1
	fi
	if ! "$node" --version >/dev/null 2>&1; then
		rows+=("$version: Node.js $version could not be had from the npm registry (see $at/install.log): connect to it, or leave that version out")
		status=1
		continue
	fi
	tap=$(mktemp) start=$SECONDS
	PATH=$(dirname "$node"):$PATH "$node" --import tsx --test --test-concurrency=2 \
		--test-reporter=dot --test-reporter-destination=stdout \
		--test-reporter=tap --test-reporter-destination="$tap" "${files[@]}" || status=1
	printf '\n'
	sed -n 's/^ *not ok [0-9]* - /  failed: /p' "$tap"
	rows+=("$("$node" --version): $(count pass "$tap") passed, $(($(count fail "$tap") + $(count cancelled "$tap"))) failed, $(count skipped "$tap") skipped, $((SECONDS - start)) s")
	rm -f "$tap"
done

printf '\n== Node.js\n'
printf '%s\n' "${rows[@]}"
exit "$status"
