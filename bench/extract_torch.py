"""GPT-2's first blocks in PyTorch eager, for bench/extract.ts: each line read runs one batch and prints its seconds."""
import math
import sys
import time

import torch
import torch.nn.functional as F

V, d, L, h, B, S = map(int, sys.argv[1:])
torch.set_num_threads(2)
torch.manual_seed(0)
wte, wpe = 0.02 * torch.randn(V, d), 0.02 * torch.randn(S, d)
shapes = {"qkv": (d, 3 * d), "proj": (d, d), "fc": (d, 4 * d), "out": (4 * d, d)}
blocks = [{k: (torch.zeros(s[1]), 0.02 * torch.randn(s)) for k, s in shapes.items()} for _ in range(L)]
one, zero = torch.ones(d), torch.zeros(d)
future = torch.full((S, S), float("-inf")).triu(1)
ids = torch.randint(0, V, (B, S))


def linear(x, weights):
    bias, weight = weights
    return torch.addmm(bias, x.view(B * S, -1), weight).view(B, S, -1)


def gelu_new(x):
    return 0.5 * x * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


def forward():
    x = wte[ids] + wpe
    for w in blocks:
        qkv = linear(F.layer_norm(x, (d,), one, zero), w["qkv"]).split(d, -1)
        q, k, v = (t.view(B, S, h, d // h).transpose(1, 2) for t in qkv)
        p = (q @ k.transpose(-1, -2) / math.sqrt(d // h) + future).softmax(-1)
        x = x + linear((p @ v).transpose(1, 2).reshape(B, S, d), w["proj"])
        x = x + linear(gelu_new(linear(F.layer_norm(x, (d,), one, zero), w["fc"])), w["out"])
    return x


with torch.no_grad():
    for _ in sys.stdin:
        start = time.perf_counter()
        forward()
        print(time.perf_counter() - start, flush=True)
