"""GPT-2 in PyTorch eager for bench/train-gpt2.ts: each line read makes one training step; its milliseconds are printed."""
import json, math, sys, time
import torch
import torch.nn.functional as F

torch.set_num_threads(2)
s = json.loads(sys.argv[1])
d, h, L, V, B, S = s["d_model"], s["n_heads"], s["n_layers"], s["d_vocab"], s["batch"], s["seq"]
torch.manual_seed(0)
shapes = s["shapes"]
w = {k: (torch.ones(v) if "ln_" in k and k.endswith("weight") else torch.zeros(v) if k.endswith("bias") else 0.02 * torch.randn(v)).requires_grad_() for k, v in shapes.items()}
adam = torch.optim.Adam(w.values(), lr=1e-3, betas=(0.9, 0.98))
ids, targets = torch.randint(0, V, (B, S)), torch.randint(0, V, (B, S))
future = torch.full((S, S), -1e9).triu(1)


def norm(x, k):
    return F.layer_norm(x, (d,), w[k + ".weight"], w[k + ".bias"], 1e-5)


def linear(x, k):
    return torch.addmm(w[k + ".bias"], x.view(B * S, -1), w[k + ".weight"]).view(B, S, -1)


def gelu_new(x):
    return 0.5 * x * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x ** 3)))


def step():
    x = w["transformer.wte.weight"][ids] + w["transformer.wpe.weight"][:S]
    for i in range(L):
        b = f"transformer.h.{i}"
        q, k, v = (t.view(B, S, h, d // h).transpose(1, 2) for t in linear(norm(x, b + ".ln_1"), b + ".attn.c_attn").split(d, -1))
        p = (q @ k.transpose(-1, -2) / math.sqrt(d // h) + future).softmax(-1)
        x = x + linear((p @ v).transpose(1, 2).reshape(B, S, d), b + ".attn.c_proj")
        x = x + linear(gelu_new(linear(norm(x, b + ".ln_2"), b + ".mlp.c_fc")), b + ".mlp.c_proj")
    logits = norm(x, "transformer.ln_f") @ w["transformer.wte.weight"].t()
    loss = F.cross_entropy(logits.view(-1, V), targets.view(-1))
    adam.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(w.values(), 1.0)
    adam.step()


for _ in sys.stdin:
    t = time.perf_counter()
    step()
    print((time.perf_counter() - t) * 1e3, flush=True)
