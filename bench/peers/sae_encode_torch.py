"""SAE latents in PyTorch eager, for bench/suites/encode.ts."""
import os

import numpy as np
import torch

from serve import serve, settings

architecture, folder, d_in, d_sae, batch, k = (
    settings[key] for key in ("architecture", "folder", "d_in", "d_sae", "batch", "k")
)
torch.set_num_threads(settings["threads"])


def read(name, *shape):
    return torch.from_numpy(np.fromfile(os.path.join(folder, name), "f4").reshape(shape))


W_enc, b_enc = read("W_enc", d_in, d_sae), read("b_enc", d_sae)
b_dec, x = read("b_dec", d_in), read("x", batch, d_in)


@torch.no_grad()
def encode():
    pre = torch.addmm(b_enc, x - b_dec, W_enc)
    if architecture == "topk":
        values, indices = pre.topk(k, dim=-1, sorted=False)
        f = torch.zeros_like(pre).scatter_(-1, indices, torch.relu(values))
        return lambda: f.sum().item() / batch
    f = torch.relu(pre)
    rows, latents = f.nonzero(as_tuple=True)
    values = f[rows, latents]
    return lambda: values.sum().item() / batch


serve(encode, torch=torch.__version__)
