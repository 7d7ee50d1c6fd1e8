#!/usr/bin/env bash
# tslab 1.0.22 (TypeScript kernel), Node.js 20: `await (promise)` at the top of a cell is not seen as top-level await,
# so that the cell is run as ordinary code: "await is not defined". `await promise` runs. Guess: any top-level await makes the cell an async one. Seen: as below.
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
cells = ["const a = await Promise.resolve(1); console.log(a)", "const b = await (Promise.resolve(1)); console.log(b)"]
notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in cells])
nbclient.NotebookClient(notebook, kernel_name="tslab", timeout=60, allow_errors=True).execute()
for cell in notebook.cells:
    text = "".join(o.get("text", "") + o.get("evalue", "") for o in cell.outputs)
    print(next(l for l in text.splitlines() if l == "1" or "Error:" in l))
PY
seen=$(JUPYTER_PATH="$folder/jupyter" venv/bin/python run.py)
echo "$seen"
[ "$seen" = $'1\nReferenceError: await is not defined' ]
