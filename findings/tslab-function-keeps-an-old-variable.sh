#!/usr/bin/env bash
# tslab 1.0.22 (TypeScript kernel), Node.js 20: a function keeps the value that a variable had in the cell they share. After
# `let x = 1; function f() { return x }` and, in the next cell, `x = 5`, f() is 1 and x is 5. If they stand in two cells,
# f() is 5. Guess: one variable, as in Node's REPL and in Python's notebooks. Seen: "1 5".
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent tslab@1.0.22 @types/node@20.19.43 >/dev/null
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check jupyter_client==8.10.0 nbclient==0.11.0 nbformat==5.11.1
mkdir -p jupyter/kernels/tslab
cat >jupyter/kernels/tslab/kernel.json <<JSON
{"argv": ["$folder/node_modules/.bin/tslab", "kernel", "--config-path", "{connection_file}"], "display_name": "tslab", "language": "typescript"}
JSON
cat >run.py <<'PY'
import nbformat, nbclient
cells = ["let x = 1; function f() { return x; }", "x = 5;", "console.log(f(), x);"]
notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in cells])
nbclient.NotebookClient(notebook, kernel_name="tslab", timeout=60).execute()
print("".join(o.text for o in notebook.cells[2].outputs).strip())
PY
seen=$(JUPYTER_PATH="$folder/jupyter" venv/bin/python run.py)
echo "$seen"
[ "$seen" = "1 5" ]
