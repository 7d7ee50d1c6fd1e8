"""SAE training steps in PyTorch eager, for bench/suites/train.ts."""
import torch

from serve import serve, settings

architecture, d_in, d_sae, batch, k = (settings[key] for key in ("architecture", "d_in", "d_sae", "batch", "k"))
torch.set_num_threads(settings["threads"])
torch.manual_seed(0)
W_dec = torch.randn(d_sae, d_in)
W_dec /= W_dec.norm(dim=1, keepdim=True)
weights = [W_dec.t().contiguous(), torch.zeros(d_sae), W_dec, torch.zeros(d_in)]
W_enc, b_enc, W_dec, b_dec = [w.requires_grad_(True) for w in weights]
adam = torch.optim.Adam(weights, lr=1e-3)
x = torch.randn(batch, d_in)


def step():
    pre = torch.addmm(b_enc, x - b_dec, W_enc)
    if architecture == "topk":
        values, indices = pre.topk(k, dim=-1, sorted=False)
        f = torch.zeros_like(pre).scatter_(-1, indices, torch.relu(values))
    else:
        f = torch.relu(pre)
    loss = (torch.addmm(b_dec, f, W_dec) - x).pow(2).sum(-1).mean()
    if architecture == "standard":
        loss = loss + (f * W_dec.norm(dim=1)).sum(-1).mean()
    adam.zero_grad(set_to_none=True)
    loss.backward()
    if architecture == "topk":
        with torch.no_grad():
            W_dec.grad -= (W_dec.grad * W_dec).sum(-1, keepdim=True) * W_dec
    torch.nn.utils.clip_grad_norm_(weights, 1.0)
    adam.step()
    if architecture == "topk":
        with torch.no_grad():
            W_dec.div_(W_dec.norm(dim=1, keepdim=True))


serve(step, steps=settings["steps"], torch=torch.__version__)
