"""Writes a GPT-2 of GPT-2 small's size with random weights, and what PyTorch computes with it in float64.

    gpt2_torch.py FOLDER: model.safetensors, config.json, and reference.safetensors with ids, hidden states by hook,
    and the logits of the last position, plain and under each intervention.
"""
import json
import math
import sys

import torch
import torch.nn.functional as F

folder = sys.argv[1]
V, P, d, L, H = 50257, 64, 768, 12, 12
torch.manual_seed(0)
torch.set_num_threads(2)


def save(name, tensors):
    header, end = {}, 0
    for key, value in tensors.items():
        begin, end = end, end + 4 * value.numel()
        header[key] = {"dtype": "F32", "shape": list(value.shape), "data_offsets": [begin, end]}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(f"{folder}/{name}", "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for value in tensors.values():
            file.write(value.to(torch.float32).contiguous().numpy().tobytes())


def normal(*shape, mean=0.0, size=0.02):
    return mean + size * torch.randn(*shape)


weights = {"wte.weight": normal(V, d), "wpe.weight": normal(P, d)}
for layer in range(L):
    h = f"h.{layer}"
    for norm in ("ln_1", "ln_2"):
        weights[f"{h}.{norm}.weight"] = normal(d, mean=1, size=0.1)
        weights[f"{h}.{norm}.bias"] = normal(d, size=0.1)
    for name, rows, columns in (
        ("attn.c_attn", d, 3 * d),
        ("attn.c_proj", d, d),
        ("mlp.c_fc", d, 4 * d),
        ("mlp.c_proj", 4 * d, d),
    ):
        weights[f"{h}.{name}.weight"] = normal(rows, columns)
        weights[f"{h}.{name}.bias"] = normal(columns)
weights["ln_f.weight"], weights["ln_f.bias"] = normal(d, mean=1, size=0.1), normal(d, size=0.1)
save("model.safetensors", weights)
config = dict(model_type="gpt2", vocab_size=V, n_positions=P, n_embd=d, n_layer=L, n_head=H)
json.dump(config, open(f"{folder}/config.json", "w"))
weights = {name: value.double() for name, value in weights.items()}


def norm(x, name):
    return F.layer_norm(x, (d,), weights[f"{name}.weight"], weights[f"{name}.bias"])


def dense(x, name):
    return x @ weights[f"{name}.weight"] + weights[f"{name}.bias"]


def gelu_new(x):
    return 0.5 * x * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


def forward(ids, change=lambda name, x: x):
    """Hidden states by hook, and the logits of the last position."""
    hooks = {}

    def hook(name, x):
        hooks[name] = x = change(name, x)
        return x

    seq = ids.shape[1]
    future = torch.full((seq, seq), -math.inf, dtype=torch.double).triu(1)
    x = hook("hook_embed", weights["wte.weight"][ids]) + weights["wpe.weight"][:seq]
    for layer in range(L):
        block, h = f"blocks.{layer}", f"h.{layer}"
        x = hook(f"{block}.hook_resid_pre", x)
        q, k, v = (
            t.view(*ids.shape, H, d // H).transpose(1, 2)
            for t in dense(norm(x, f"{h}.ln_1"), f"{h}.attn.c_attn").split(d, -1)
        )
        pattern = (q @ k.transpose(-1, -2) / math.sqrt(d // H) + future).softmax(-1)
        hooks[f"{block}.attn.hook_pattern"] = pattern
        z = hook(f"{block}.attn.hook_z", (pattern @ v).transpose(1, 2).reshape(*ids.shape, d))
        x = hook(f"{block}.hook_resid_mid", x + hook(f"{block}.hook_attn_out", dense(z, f"{h}.attn.c_proj")))
        post = hook(f"{block}.mlp.hook_post", gelu_new(dense(norm(x, f"{h}.ln_2"), f"{h}.mlp.c_fc")))
        x = hook(f"{block}.hook_resid_post", x + hook(f"{block}.hook_mlp_out", dense(post, f"{h}.mlp.c_proj")))
    last = hook("ln_final.hook_out", norm(x, "ln_f"))
    return hooks, last[:, -1] @ weights["wte.weight"].T


ids = torch.randint(0, V, (2, 24))
direction, patch = torch.randn(d).double(), torch.randn(d).double()
unit = direction / direction.norm()


def at(place, function):
    return lambda name, x: function(x) if name == place else x


def patched(x):
    x = x.clone()
    x[:, 5] = patch
    return x


def one_head_less(x):
    x = x.clone()
    x[..., 3 * 64 : 4 * 64] = 0
    return x


hooks, logits = forward(ids)
results = {"ids": ids, "direction": direction, "patch": patch, "logits.plain": logits}
results |= hooks
results["logits.add"] = forward(ids, at("blocks.6.hook_resid_pre", lambda x: x + 2 * direction))[1]
results["logits.scale"] = forward(ids, at("blocks.3.hook_mlp_out", lambda x: 0.5 * x))[1]
results["logits.project"] = forward(ids, at("blocks.8.hook_resid_mid", lambda x: x - (x @ unit)[..., None] * unit))[1]
results["logits.replace"] = forward(ids, at("blocks.4.hook_resid_post", patched))[1]
results["logits.head"] = forward(ids, at("blocks.2.attn.hook_z", one_head_less))[1]
save("reference.safetensors", results)
