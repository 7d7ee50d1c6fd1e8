"""Three very small decoders with random weights: their ONNX exports, and what PyTorch says they compute.

Usage: decoders.py FOLDER. Writes FOLDER/<family>/{model.onnx, past.onnx, config.json, reference.json}.
"""
import json
import math
import os
import sys

import torch
from torch import nn

CONFIGS = {
    "gpt2": dict(model_type="gpt2", n_layer=3, n_embd=32, n_head=4, n_inner=None, n_positions=24, vocab_size=257,
                 activation_function="gelu_new", layer_norm_epsilon=1e-5, bos_token_id=256, eos_token_id=256),
    "gpt_neox": dict(model_type="gpt_neox", num_hidden_layers=3, hidden_size=32, num_attention_heads=4,
                     intermediate_size=80, max_position_embeddings=40, vocab_size=90, hidden_act="gelu",
                     layer_norm_eps=1e-5, rotary_pct=0.5, bos_token_id=0, eos_token_id=0),
    "llama": dict(model_type="llama", num_hidden_layers=2, hidden_size=32, num_attention_heads=4,
                  num_key_value_heads=2, intermediate_size=48, max_position_embeddings=40, vocab_size=80,
                  hidden_act="silu", rms_norm_eps=1e-6, bos_token_id=1, eos_token_id=2),
}


class Taps:
    """What is read and what is changed at each hook of one run."""

    def __init__(self):
        self.read, self.edit = {}, {}

    def __call__(self, name, x):
        if torch.jit.is_tracing():
            return x
        if name in self.edit:
            x = self.edit[name](x)
        self.read[name] = x
        return x


tap = Taps()


class Dense(nn.Linear):
    """GPT-2's dense layer works on flat rows, so its exports have Gemm between Reshapes."""

    flat = False

    def forward(self, x):
        if not self.flat:
            return super().forward(x)
        y = torch.addmm(self.bias, x.reshape(-1, x.size(-1)), self.weight.t())
        return y.view(x.size()[:-1] + (self.out_features,))


class FlatDense(Dense):
    flat = True


class Norm(nn.LayerNorm):
    def forward(self, x, place):
        if torch.jit.is_tracing():
            return super().forward(x)
        centred = x - x.mean(-1, keepdim=True)
        scale = (centred.pow(2).mean(-1, keepdim=True) + self.eps).sqrt()
        return tap(f"{place}.hook_out", tap(f"{place}.hook_normalized", centred / scale) * self.weight + self.bias)


class RmsNorm(nn.Module):
    def __init__(self, d, eps):
        super().__init__()
        self.weight, self.eps = nn.Parameter(torch.ones(d)), eps

    def forward(self, x, place):
        normed = tap(f"{place}.hook_normalized", x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.eps))
        return tap(f"{place}.hook_out", self.weight * normed)


def gelu_new(x):
    return 0.5 * x * (1.0 + torch.tanh(math.sqrt(2.0 / math.pi) * (x + 0.044715 * torch.pow(x, 3.0))))


def rotate(x, positions, width):
    """Rotary positions (Su et al. 2021) on the first `width` of each head's values; x is [batch, heads, seq, d_head]."""
    frequency = 1.0 / (10000 ** (torch.arange(0, width, 2).float() / width))
    angle = positions[:, :, None].float() * frequency  # [batch, seq, width / 2]
    angle = torch.cat((angle, angle), -1)[:, None]
    part, rest = x[..., :width], x[..., width:]
    half = width // 2
    turned = torch.cat((-part[..., half:], part[..., :half]), -1)
    return torch.cat((part * angle.cos() + turned * angle.sin(), rest), -1)


class Attention(nn.Module):
    def __init__(self, s):
        super().__init__()
        self.s = s
        d, hd = s.d, s.d // s.heads
        dense = FlatDense if s.family == "gpt2" else Dense
        bias = s.family != "llama"
        if s.family == "llama":
            self.q, self.k, self.v = (Dense(d, n * hd, bias=False) for n in (s.heads, s.kv_heads, s.kv_heads))
        else:
            self.qkv = dense(d, 3 * d, bias=bias)
        self.out = dense(d, d, bias=bias)

    def forward(self, block, x, mask, positions, past):
        s, hd = self.s, self.s.d // self.s.heads
        batch, seq, _ = x.size()
        if s.family == "gpt2":
            q, k, v = (t.view(batch, seq, s.heads, hd).permute(0, 2, 1, 3) for t in self.qkv(x).split(s.d, dim=2))
        elif s.family == "gpt_neox":
            q, k, v = self.qkv(x).view(batch, seq, s.heads, 3 * hd).permute(0, 2, 1, 3).split(hd, dim=-1)
        else:
            q = self.q(x).view(batch, seq, s.heads, hd).transpose(1, 2)
            k, v = (w(x).view(batch, seq, s.kv_heads, hd).transpose(1, 2) for w in (self.k, self.v))
        if s.rotary:
            q, k = rotate(q, positions, s.rotary), rotate(k, positions, s.rotary)
        if past is not None:
            k, v = torch.cat((past[0], k), -2), torch.cat((past[1], v), -2)
        present = (k, v)
        if s.kv_heads != s.heads:
            k, v = (t[:, :, None].expand(batch, s.kv_heads, s.heads // s.kv_heads, t.size(2), hd)
                    .reshape(batch, s.heads, t.size(2), hd) for t in (k, v))
        scores = torch.matmul(q, k.transpose(-1, -2)) / math.sqrt(hd) + mask
        pattern = tap(f"{block}.attn.hook_pattern", torch.softmax(scores, -1))
        z = torch.matmul(pattern, v).permute(0, 2, 1, 3).contiguous().view(batch, seq, s.d)
        return self.out(tap(f"{block}.attn.hook_z", z)), present


class Mlp(nn.Module):
    def __init__(self, s):
        super().__init__()
        self.s = s
        dense = FlatDense if s.family == "gpt2" else Dense
        bias = s.family != "llama"
        self.up = dense(s.d, s.d_mlp, bias=bias)
        if s.family == "llama":
            self.gate = Dense(s.d, s.d_mlp, bias=False)
        self.down = dense(s.d_mlp, s.d, bias=bias)

    def forward(self, block, x):
        if self.s.family == "llama":
            post = nn.functional.silu(self.gate(x)) * self.up(x)
        else:
            post = (gelu_new if self.s.family == "gpt2" else nn.functional.gelu)(self.up(x))
        return self.down(tap(f"{block}.mlp.hook_post", post))


class Block(nn.Module):
    def __init__(self, s):
        super().__init__()
        self.s = s
        self.ln1, self.ln2, self.attn, self.mlp = s.norm(), s.norm(), Attention(s), Mlp(s)

    def forward(self, block, x, mask, positions, past):
        x = tap(f"{block}.hook_resid_pre", x)
        a, present = self.attn(block, self.ln1(x, f"{block}.ln1"), mask, positions, past)
        a = tap(f"{block}.hook_attn_out", a)
        parallel = self.s.family == "gpt_neox"
        middle = x if parallel else tap(f"{block}.hook_resid_mid", a + x)
        m = self.mlp(block, self.ln2(middle, f"{block}.ln2"))
        m = tap(f"{block}.hook_mlp_out", m)
        x = m + a + x if parallel else middle + m
        return tap(f"{block}.hook_resid_post", x), present


class Shape:
    def __init__(self, c):
        self.family = c["model_type"]
        self.d = c.get("n_embd") or c["hidden_size"]
        self.layers = c.get("n_layer") or c["num_hidden_layers"]
        self.heads = c.get("n_head") or c["num_attention_heads"]
        self.kv_heads = c.get("num_key_value_heads", self.heads)
        self.d_mlp = c.get("intermediate_size") or 4 * self.d
        self.vocab, self.positions = c["vocab_size"], c.get("n_positions")
        self.rotary = {"gpt2": 0, "gpt_neox": 4, "llama": 8}[self.family]

    def norm(self):
        return RmsNorm(self.d, 1e-6) if self.family == "llama" else Norm(self.d, eps=1e-5)


class Decoder(nn.Module):
    def __init__(self, c):
        super().__init__()
        s = self.s = Shape(c)
        self.embed = nn.Embedding(s.vocab, s.d)
        if s.positions:
            self.places = nn.Embedding(s.positions, s.d)
        self.blocks = nn.ModuleList([Block(s) for _ in range(s.layers)])
        self.ln_final = s.norm()
        self.head = nn.Linear(s.d, s.vocab, bias=False)
        if s.family == "gpt2":
            self.head.weight = self.embed.weight
        for name, p in self.named_parameters():
            nn.init.normal_(p, 1.0 if p.dim() == 1 and "ln" in name and "weight" in name else 0.0, 0.2)

    def forward(self, input_ids, attention_mask, position_ids, *past):
        batch, seq = input_ids.size()
        before = past[0].size(2) if past else 0
        x = tap("hook_embed", self.embed(input_ids))
        if self.s.positions:
            x = x + self.places(position_ids)
        total = before + seq
        lowest = torch.finfo(torch.float32).min
        query = torch.arange(before, total)[:, None]
        causal = torch.arange(total)[None, :] <= query  # [seq, total]
        keep = causal[None, None] & (attention_mask[:, None, None, :] > 0)
        mask = torch.where(keep, torch.tensor(0.0), torch.tensor(lowest))
        presents = []
        for i, block in enumerate(self.blocks):
            given = (past[2 * i], past[2 * i + 1]) if past else None
            x, present = block(f"blocks.{i}", x, mask, position_ids, given)
            presents += present
        x = self.ln_final(x, "ln_final")
        return (self.head(x), *presents)


def export(model, folder, opset, past, file):
    s = model.s
    ids = torch.randint(0, s.vocab, (2, 7))
    hd = s.d // s.heads
    before = 3 if past else 0
    names = ["input_ids", "attention_mask", "position_ids"]
    positions = torch.arange(before, before + 7)[None].expand(2, 7).contiguous()
    inputs = [ids, torch.ones(2, 7 + before, dtype=torch.long), positions]
    pairs = [f"{i}.{kind}" for i in range(s.layers) for kind in ("key", "value")]
    if past:
        inputs += [torch.randn(2, s.kv_heads, before, hd) for _ in pairs]
    pasts = [f"past_key_values.{p}" for p in pairs] if past else []
    presents = [f"present.{p}" for p in pairs]
    axes = {name: {0: "batch_size", 1: "sequence_length"} for name in names + ["logits"]}
    axes |= {name: {0: "batch_size", 2: "past_sequence_length"} for name in pasts}
    axes |= {name: {0: "batch_size", 2: "total_sequence_length"} for name in presents}
    torch.onnx.export(model, tuple(inputs), os.path.join(folder, file), input_names=names + pasts,
                      output_names=["logits"] + presents, dynamic_axes=axes, opset_version=opset, dynamo=False)


def reference(model, folder):
    s = model.s
    torch.manual_seed(7)
    ids = torch.randint(1, s.vocab, (2, 7))
    mask = torch.ones_like(ids)
    mask[1, 5:] = 0
    positions = (mask.cumsum(-1) - 1).masked_fill(mask == 0, 1)
    flat = lambda t: t.flatten().tolist()
    direction = torch.randn(s.d)
    values = torch.randn(2, 7, s.d)
    unit = direction / direction.norm()

    def run(edits):
        tap.read, tap.edit = {}, edits
        return model(ids, mask, positions)[0]

    logits = run({})
    hooks = {name: flat(x) for name, x in tap.read.items()}
    nats = -torch.log_softmax(logits[:, :-1], -1).gather(-1, ids[:, 1:, None])[..., 0] * mask[:, 1:]

    def patch(x):
        x = x.clone()
        x[:, 2] = values[:, 2]
        return x

    def silence(x):
        x = x.clone()
        x[..., 3] = 0
        return x

    edits = {
        "add": {"blocks.1.hook_resid_pre": lambda x: x + 3 * direction},
        "replace": {"blocks.0.hook_resid_post": patch},
        "scale": {"blocks.0.mlp.hook_post": silence},
        "project": {"blocks.1.hook_attn_out": lambda x: x - (x @ unit)[..., None] * unit},
        "z": {"blocks.1.attn.hook_z": lambda x: x * 0},
        "several": {"hook_embed": lambda x: x * 2, "blocks.0.hook_mlp_out": lambda x: x + direction,
                    "ln_final.hook_out": lambda x: x * 0.5},
        "norms": {"blocks.0.ln2.hook_normalized": lambda x: x + direction,
                  "blocks.1.ln1.hook_normalized": lambda x: x * 3, "blocks.1.ln1.hook_out": lambda x: x + direction,
                  "ln_final.hook_normalized": lambda x: x * 0.5},
    }
    changed = {name: flat(run(edit)) for name, edit in edits.items()}
    with open(os.path.join(folder, "reference.json"), "w") as file:
        json.dump(dict(ids=flat(ids), lengths=flat(mask.sum(-1)), logits=flat(logits), loss=flat(nats), hooks=hooks,
                       direction=flat(direction), values=flat(values), changed=changed), file)


def main(folder):
    torch.set_num_threads(1)
    for family, config in CONFIGS.items():
        torch.manual_seed(0)
        here = os.path.join(folder, family)
        os.makedirs(here, exist_ok=True)
        with open(os.path.join(here, "config.json"), "w") as file:
            json.dump(config, file)
        model = Decoder(config).eval()
        with torch.no_grad():
            export(model, here, 14, False, "model.onnx")
            export(model, here, 14, True, "past.onnx")
            if family == "gpt2":
                export(model, here, 17, False, "opset17.onnx")
            reference(model, here)


main(sys.argv[1])
