#!/usr/bin/env bash
# csv-parse 7.0.3: without record_delimiter the line end is found in the first record and then holds for the whole file. A
# file whose header ends in LF and whose rows end in CRLF (two files joined, or appended to on another system) gives values
# that end in a carriage return, without an error. Python's csv and pandas read the same file as one expects.
# Guess: each line may end either way. Seen: "pos\r" beside "neg".
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent csv-parse@7.0.3 >/dev/null
cat >run.mjs <<'JS'
import { parse } from "csv-parse/sync";
const rows = parse("text,label\na,pos\r\nb,neg\n", { columns: true });
console.log(JSON.stringify(rows.map(({ label }) => label)));
JS
seen=$(node run.mjs)
echo "$seen"
[ "$seen" = '["pos\r","neg"]' ]
