#!/usr/bin/env bash
# datasets 5.2.0 (Python): a folder's files are put into splits by words in their names, and a file with two such words is
# in two splits: train_test.parquet, the usual name for "the training part's test", is all of train and all of test, so a
# model is tested on what it was trained on, without a word. Guess: the first word, the last, or an error. Seen: 3 rows in
# each of the two splits, the same ones.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check datasets==5.2.0 pyarrow==26.0.1
mkdir data
cat >run.py <<'PY'
import pyarrow as pa, pyarrow.parquet as pq
from datasets import load_dataset
pq.write_table(pa.table({"text": ["a", "b", "c"]}), "data/train_test.parquet")
splits = load_dataset("data", cache_dir="cache")
print({n: list(r["text"]) for n, r in sorted(splits.items())})
PY
seen=$(HF_HUB_OFFLINE=1 HF_HOME="$folder/home" venv/bin/python run.py 2>/dev/null)
echo "$seen"
[ "$seen" = "{'test': ['a', 'b', 'c'], 'train': ['a', 'b', 'c']}" ]
