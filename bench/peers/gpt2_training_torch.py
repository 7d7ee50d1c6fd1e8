"""GPT-2's training step (forward, backward, clip, Adam) in PyTorch eager, for bench/suites/gpt2-training.ts."""
import math

import torch
import torch.nn.functional as F

from serve import serve, settings as s

torch.set_num_threads(s["threads"])
d, h, L, V, B, S = s["d_model"], s["n_heads"], s["n_layers"], s["d_vocab"], s["batch"], s["seq"]
torch.manual_seed(0)


def start(name, shape):
    if "ln_" in name and name.endswith("weight"):
        return torch.ones(shape)
    return torch.zeros(shape) if name.endswith("bias") else 0.02 * torch.randn(shape)


w = {name: start(name, shape).requires_grad_() for name, shape in s["shapes"].items()}
adam = torch.optim.Adam(w.values(), lr=1e-3, betas=(0.9, 0.98))
ids, targets = torch.randint(0, V, (B, S)), torch.randint(0, V, (B, S))
future = torch.full((S, S), -1e9).triu(1)


def norm(x, k):
    return F.layer_norm(x, (d,), w[k + ".weight"], w[k + ".bias"], 1e-5)


def linear(x, k):
    return torch.addmm(w[k + ".bias"], x.view(B * S, -1), w[k + ".weight"]).view(B, S, -1)


def gelu_new(x):
    return 0.5 * x * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


def step():
    x = w["transformer.wte.weight"][ids] + w["transformer.wpe.weight"][:S]
    for i in range(L):
        b = f"transformer.h.{i}"
        qkv = linear(norm(x, b + ".ln_1"), b + ".attn.c_attn").split(d, -1)
        q, k, v = (t.view(B, S, h, d // h).transpose(1, 2) for t in qkv)
        p = (q @ k.transpose(-1, -2) / math.sqrt(d // h) + future).softmax(-1)
        x = x + linear((p @ v).transpose(1, 2).reshape(B, S, d), b + ".attn.c_proj")
        x = x + linear(gelu_new(linear(norm(x, b + ".ln_2"), b + ".mlp.c_fc")), b + ".mlp.c_proj")
    logits = norm(x, "transformer.ln_f") @ w["transformer.wte.weight"].t()
    loss = F.cross_entropy(logits.view(-1, V), targets.view(-1))
    adam.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(w.values(), 1.0)
    adam.step()


serve(step, torch=torch.__version__)
