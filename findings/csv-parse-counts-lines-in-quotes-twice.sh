#!/usr/bin/env bash
# csv-parse 7.0.3: info.lines, the line that a record ends in, counts a CRLF inside of a quoted value as two lines. An error
# message made from it points at a line that is further down than the record.
# Guess: the record after a value over two lines begins in line 4. Seen: LF 4, CRLF 5.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent csv-parse@7.0.3 >/dev/null
cat >run.mjs <<'JS'
import { parse } from "csv-parse/sync";
for (const [name, end] of [["LF", "\n"], ["CRLF", "\r\n"]]) {
	const text = ["text,label", `"two${end}lines",a`, "one line,b", ""].join(end);
	console.log(name, parse(text, { info: true }).at(-1).info.lines);
}
JS
seen=$(node run.mjs)
echo "$seen"
[ "$seen" = $'LF 4\nCRLF 5' ]
