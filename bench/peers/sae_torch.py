"""SAE training steps in PyTorch eager, for bench/suites/train.ts."""
import time

import torch

from serve import serve, settings

architecture, d_in, d_sae, batch, k, steps = (
    settings[key] for key in ("architecture", "d_in", "d_sae", "batch", "k", "steps")
)
torch.set_num_threads(settings["threads"])


class Trainee:
    """`foreach`: of Adam; `folded`: b_dec goes into the encoder's bias, so that no row is centred."""

    def __init__(self, foreach, folded):
        torch.manual_seed(0)
        W_dec = torch.randn(d_sae, d_in)
        W_dec /= W_dec.norm(dim=1, keepdim=True)
        self.weights = [W_dec.t().contiguous(), torch.zeros(d_sae), W_dec, torch.zeros(d_in)]
        for w in self.weights:
            w.requires_grad_(True)
        self.adam = torch.optim.Adam(self.weights, lr=1e-3, foreach=foreach)
        self.folded = folded
        self.dead = torch.zeros(d_sae, dtype=torch.bool)
        self.dead[: settings["dead"]] = True

    def loss(self):
        W_enc, b_enc, W_dec, b_dec = self.weights
        if self.folded:
            pre = torch.addmm(b_enc - b_dec @ W_enc, x, W_enc)
        else:
            pre = torch.addmm(b_enc, x - b_dec, W_enc)
        if architecture == "standard":
            f = torch.relu(pre)
            error = torch.addmm(b_dec, f, W_dec) - x
            return error.pow(2).sum(-1).mean() + (f * W_dec.norm(dim=1)).sum(-1).mean()
        values, indices = pre.topk(k, dim=-1, sorted=False)
        f = torch.zeros_like(pre).scatter_(-1, indices, torch.relu(values))
        error = torch.addmm(b_dec, f, W_dec) - x
        loss = error.pow(2).sum(-1).mean()
        n = settings["dead"]
        if n > 0:  # as SAELens has it
            half = d_in // 2
            only = torch.where(self.dead, pre, -torch.inf)
            values, indices = only.topk(min(half, n), dim=-1, sorted=False)
            guess = torch.zeros_like(pre).scatter_(-1, indices, values) @ W_dec
            loss = loss + min(n / half, 1) * (guess + error.detach()).pow(2).sum(-1).mean()
        return loss

    def step(self):
        W_dec = self.weights[2]
        loss = self.loss()
        self.adam.zero_grad(set_to_none=True)
        loss.backward()
        with torch.no_grad():
            if architecture == "topk":
                W_dec.grad -= (W_dec.grad * W_dec).sum(-1, keepdim=True) * W_dec
            torch.nn.utils.clip_grad_norm_(self.weights, 1.0)
            self.adam.step()
            if architecture == "topk":
                W_dec.div_(W_dec.norm(dim=1, keepdim=True))


def seconds(trainee):
    start = time.perf_counter()
    trainee.step()
    return time.perf_counter() - start


def faster():
    """Whether Adam is faster with `foreach`: the best of two steps each, after one."""
    best = {}
    for foreach in (False, True):
        trainee = Trainee(foreach, settings["folded"])
        best[foreach] = min([seconds(trainee) for _ in range(3)][1:])
        del trainee
    return best[True] < best[False]


torch.manual_seed(1)
x = torch.randn(batch, d_in)
foreach = faster()
trainee = Trainee(foreach, settings["folded"])
serve(trainee.step, steps=steps, torch=torch.__version__, foreach=str(foreach))
