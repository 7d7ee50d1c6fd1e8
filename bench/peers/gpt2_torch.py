"""GPT-2 in PyTorch eager, for bench/suites/extract.ts: the same checkpoint and ids as ours, stopped where ours stops."""
import json
import math

import numpy as np
import torch
import torch.nn.functional as F

from serve import serve, settings

torch.set_num_threads(settings["threads"])
folder, mode, B, S, layers = (settings[k] for k in ("folder", "mode", "batch", "seq", "layers"))
with open(folder + "/config.json") as file:
    config = json.load(file)
d, h = config["n_embd"], config["n_head"]


def read_weights(path):
    with open(path, "rb") as file:
        size = int.from_bytes(file.read(8), "little")
        header = json.loads(file.read(size))
    data = np.memmap(path, "u1", "r", 8 + size)
    numbers = lambda t: np.array(data[slice(*t["data_offsets"])]).view("f4").reshape(t["shape"])
    wanted = lambda name: not name.startswith("transformer.h.") or int(name.split(".")[2]) < layers
    return {name: torch.from_numpy(numbers(t)) for name, t in header.items() if wanted(name)}


w = {name.removeprefix("transformer."): t for name, t in read_weights(folder + "/model.safetensors").items()}
ids = torch.from_numpy(np.fromfile(settings["ids"], "i4").reshape(B, S).astype("i8"))
future = torch.full((S, S), float("-inf")).triu(1)


def norm(x, name):
    return F.layer_norm(x, (d,), w[name + ".weight"], w[name + ".bias"], config["layer_norm_epsilon"])


def linear(x, name):
    return torch.addmm(w[name + ".bias"], x.reshape(-1, x.size(-1)), w[name + ".weight"]).view(*x.shape[:-1], -1)


def gelu_new(x):
    return 0.5 * x * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


def embed(ids, start=0):
    return w["wte.weight"][ids] + w["wpe.weight"][start : start + ids.size(1)]


def blocks(x, cache=None):
    """`cache`: keys and values of the tokens before, by layer; x is then one token."""
    b, s, _ = x.shape
    for i in range(layers):
        name = f"h.{i}"
        qkv = linear(norm(x, name + ".ln_1"), name + ".attn.c_attn").split(d, -1)
        q, k, v = (t.view(b, s, h, d // h).transpose(1, 2) for t in qkv)
        if cache is not None:
            if i in cache:
                k, v = torch.cat((cache[i][0], k), 2), torch.cat((cache[i][1], v), 2)
            cache[i] = k, v
        scores = q @ k.transpose(-1, -2) / math.sqrt(d // h)
        p = (scores + future[:s, :s] if s > 1 else scores).softmax(-1)
        x = x + linear((p @ v).transpose(1, 2).reshape(b, s, d), name + ".attn.c_proj")
        x = x + linear(gelu_new(linear(norm(x, name + ".ln_2"), name + ".mlp.c_fc")), name + ".mlp.c_proj")
    return x


def logits(x):
    return norm(x, "ln_f") @ w["wte.weight"].t()


def size_of_last(x):
    """The mean absolute number of the last token: what both sides must agree on."""
    return lambda: float(x[-1, -1].abs().mean())


def residual():
    return size_of_last(blocks(embed(ids)))


def full_logits():
    return size_of_last(logits(blocks(embed(ids))))


def gradients():
    with torch.enable_grad():
        x = embed(ids).requires_grad_()
        out = logits(blocks(x))
        losses = F.cross_entropy(out[:, :-1].flatten(0, 1), ids[:, 1:].flatten(), reduction="none")
        losses.view(B, -1).mean(1).sum().backward()
    return size_of_last(x.grad[:, :-1])


def generate():
    cache, new = {}, []
    x = embed(ids)
    for _ in range(settings["new_tokens"]):
        last = logits(blocks(x, cache)[:, -1:])
        new.append(last.argmax(-1))
        x = embed(new[-1], S + len(new) - 1)
    return lambda: float(sum(int(token) for token in new) / len(new))


with torch.no_grad():
    work = {"residual": residual, "logits": full_logits, "gradients": gradients, "generate": generate}[mode]
    serve(work, torch=torch.__version__)
