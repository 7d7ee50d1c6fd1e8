"""Gradients of GPT-2 by PyTorch's autograd in float64, as a reference. JSON in on stdin, one case a line; JSON out, one a line.

A case: {folder, ids [batch][seq], lengths, metric, hooks, interventions}; out: {metric [batch], gradients {hook: {dims, data}}}.
The names of weights, hooks, metrics and interventions are those of the project; token and versus are lists of ids.
"""
import json
import math
import sys

import numpy as np
import torch


def read(folder):
    with open(f"{folder}/model.safetensors", "rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
        numbers = file.read()
    tensors = {}
    for name, entry in header.items():
        if name != "__metadata__":
            start, end = entry["data_offsets"]
            data = np.frombuffer(numbers[start:end], "<f4").astype("f8").reshape(entry["shape"])
            tensors[name.replace("transformer.", "")] = torch.from_numpy(data)
    return json.load(open(f"{folder}/config.json")), tensors


def changed(x, given, batch, seq):
    """One intervention on a value [batch, seq, ...]."""
    shape = x.shape
    x = x.reshape(shape[0], seq, -1)
    here = torch.zeros(1, seq, 1, dtype=torch.bool)
    here[:, given.get("positions", list(range(seq)))] = True
    kind = given["type"]
    if kind == "scale":
        factor = torch.ones(x.shape[2], dtype=x.dtype)
        factor[given.get("units", list(range(x.shape[2])))] = given["factor"]
        new = x * factor
    elif kind == "project":
        w = torch.tensor(given["direction"], dtype=x.dtype)
        new = x - (x @ w)[..., None] * w / (w @ w)
    else:
        values = torch.tensor(given["values"], dtype=x.dtype)
        if values.numel() != x.shape[2]:
            values = values.reshape(batch, seq, -1)
        values = values.expand(batch, seq, x.shape[2])
        new = values if kind == "replace" else x + given.get("scale", 1) * values
    out = torch.where(here, new, x)
    return out.reshape(out.shape[0], *shape[1:])


def run(case):
    config, w = read(case["folder"])
    ids = torch.tensor(case["ids"])
    batch, seq = ids.shape
    d, h = config["n_embd"], config["n_head"]
    kept = {}

    def hook(name, x):
        for given in case["interventions"]:
            if given["hook_name"] == name:
                x = changed(x, given, batch, seq)
        if not x.requires_grad:
            x = x.clone().requires_grad_()
        x.retain_grad()
        kept[name] = x
        return x

    def norm(x, name, place):
        centred = x - x.mean(-1, keepdim=True)
        variance = (centred ** 2).mean(-1, keepdim=True)
        scale = hook(f"{place}.hook_scale", (variance + config["layer_norm_epsilon"]).sqrt())
        normalized = hook(f"{place}.hook_normalized", centred / scale)
        return hook(f"{place}.hook_out", normalized * w[f"{name}.weight"] + w[f"{name}.bias"])

    def dense(x, name):
        return x @ w[f"{name}.weight"] + w[f"{name}.bias"]

    def gelu_new(x):
        return 0.5 * x * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x ** 3)))

    act = {"relu": torch.relu, "gelu": torch.nn.functional.gelu, "gelu_new": gelu_new}
    future = torch.ones(seq, seq).triu(1).bool()
    x = hook("hook_embed", w["wte.weight"][ids]) + hook(
        "hook_pos_embed", w["wpe.weight"][:seq].expand(batch, seq, d)
    )
    for layer in range(config["n_layer"]):
        b, t = f"blocks.{layer}", f"h.{layer}"
        x = hook(f"{b}.hook_resid_pre", x)
        qkv = dense(norm(x, f"{t}.ln_1", f"{b}.ln1"), f"{t}.attn.c_attn")
        q, k, v = [
            hook(f"{b}.attn.hook_{n}", part.reshape(batch, seq, h, d // h))
            for n, part in zip("qkv", qkv.split(d, -1))
        ]
        scale = math.sqrt(d // h) * (layer + 1 if config.get("scale_attn_by_inverse_layer_idx") else 1)
        scores = torch.einsum("bqhd,bkhd->bhqk", q, k) / scale
        scores = hook(f"{b}.attn.hook_attn_scores", scores.masked_fill(future, -math.inf))
        pattern = hook(f"{b}.attn.hook_pattern", scores.softmax(-1))
        z = hook(f"{b}.attn.hook_z", torch.einsum("bhqk,bkhd->bqhd", pattern, v))
        out = w[f"{t}.attn.c_proj.weight"].reshape(h, d // h, d)
        result = hook(f"{b}.attn.hook_result", torch.einsum("bqhd,hde->bqhe", z, out))
        attn = hook(f"{b}.hook_attn_out", result.sum(2) + w[f"{t}.attn.c_proj.bias"])
        x = hook(f"{b}.hook_resid_mid", x + attn)
        pre = hook(f"{b}.mlp.hook_pre", dense(norm(x, f"{t}.ln_2", f"{b}.ln2"), f"{t}.mlp.c_fc"))
        post = hook(f"{b}.mlp.hook_post", act[config["activation_function"]](pre))
        x = hook(f"{b}.hook_resid_post", x + hook(f"{b}.hook_mlp_out", dense(post, f"{t}.mlp.c_proj")))
    x = norm(x, "ln_f", "ln_final")
    head = w["wte.weight"] if config["tie_word_embeddings"] else w["lm_head.weight"]
    logits = x @ head.T + w.get("lm_head.bias", 0)

    metric = metrics(case, logits, ids)
    metric.sum().backward()
    gradients = {}
    for name in case["hooks"]:
        grad = kept[name].grad
        grad = torch.zeros_like(kept[name]) if grad is None else grad
        gradients[name] = dict(dims=list(grad.shape), data=grad.flatten().tolist())
    return dict(metric=metric.tolist(), gradients=gradients)


def metrics(case, logits, ids):
    lengths, metric = case["lengths"], case["metric"]
    logs = logits.log_softmax(-1)
    values = []
    for text, length in enumerate(lengths):
        if metric["type"] == "loss":
            nats = -logs[text, range(length - 1), ids[text, 1:length]]
            values.append(nats.mean())
            continue
        at = metric.get("position", length - 1)
        token = metric["token"][text]
        values.append(
            {
                "logit": lambda: logits[text, at, token],
                "logit_difference": lambda: logits[text, at, token] - logits[text, at, metric["versus"][text]],
                "probability": lambda: logs[text, at, token].exp(),
                "log_probability": lambda: logs[text, at, token],
            }[metric["type"]]()
        )
    return torch.stack(values)


for line in sys.stdin:
    print(json.dumps(run(json.loads(line))))
