#!/usr/bin/env bash
# hyparquet 1.31.5: a DECIMAL column comes as binary floating-point numbers made by multiplying with 10^-scale, so a value of
# 0.35 is 0.35000000000000003, and whole numbers of more than 53 bits merge. DuckDB 2.0.1 makes such a column of every
# literal with a point. Guess: 0.35, or the digits as text. Seen: as below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent hyparquet@1.31.5 >/dev/null
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check duckdb==2.0.1
venv/bin/python -c 'import duckdb; duckdb.sql("copy (select 0.35 as share) to \"x.parquet\" (format parquet, compression uncompressed)".replace(chr(34), chr(39)))'
cat >run.mjs <<'JS'
import { asyncBufferFromFile, parquetReadObjects } from "hyparquet";
console.log(JSON.stringify(await parquetReadObjects({ file: await asyncBufferFromFile("x.parquet") })));
JS
seen=$(node run.mjs)
echo "$seen"
[ "$seen" = '[{"share":0.35000000000000003}]' ]
