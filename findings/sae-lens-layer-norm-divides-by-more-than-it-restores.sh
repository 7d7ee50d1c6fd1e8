#!/usr/bin/env bash
# sae-lens 6.54.12: an SAE with normalize_activations "layer_norm" divides each row by its standard deviation + 1e-5, and
# multiplies the reconstruction by the standard deviation alone. Guess: what is divided by is multiplied by. Seen: an SAE that
# reconstructs the normalised row exactly gives back 50 % of a row's deviations where its standard deviation is 1e-5, and
# 99.9 % where it is 1e-2.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet torch==2.13.0 2>/dev/null
env/bin/pip install --quiet sae-lens==6.54.12 transformer-lens==3.9.0 transformers==5.24.0 2>/dev/null
cat >run.py <<'PY'
import torch
from sae_lens import StandardSAE, StandardSAEConfig

sae = StandardSAE(StandardSAEConfig(d_in=4, d_sae=8, normalize_activations="layer_norm", apply_b_dec_to_input=False))
with torch.no_grad():  # x = relu(x) - relu(-x)
    one = torch.eye(4)
    sae.W_enc.copy_(torch.cat([one, -one], 1)); sae.W_dec.copy_(torch.cat([one, -one], 0))
    sae.b_enc.zero_(); sae.b_dec.zero_()
    for size in (1e-5, 1e-2):
        row = torch.tensor([[1.0, -1.0, 1.0, -1.0]])
        row = row / row.std() * size
        print(f"standard deviation {size:g}: {100 * float(sae(row)[0, 0] / row[0, 0]):.1f} %")
PY
seen=$(HF_HUB_OFFLINE=1 env/bin/python run.py 2>/dev/null)
echo "$seen"
[ "$seen" = $'standard deviation 1e-05: 50.0 %\nstandard deviation 0.01: 99.9 %' ]
