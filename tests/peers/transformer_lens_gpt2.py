# A GPT-2 in TransformerLens, without processing: logits, loss, every hook, gradients, interventions. For `ask`:
# `cases` of {folder, ids, metrics, interventions}, `version` 3 or 4.
import json
import torch
from transformers import GPT2LMHeadModel

torch.set_num_threads(2)


def hooked(folder):
    """TransformerLens 3 takes no local folder and no config of transformers 5: its own config is filled in here."""
    from transformer_lens import HookedTransformer, HookedTransformerConfig
    from transformer_lens.pretrained.weight_conversions import convert_gpt2_weights

    config = json.load(open(f"{folder}/config.json"))
    cfg = HookedTransformerConfig(
        n_layers=config["n_layer"], d_model=config["n_embd"], n_ctx=config["n_positions"], n_heads=config["n_head"],
        d_head=config["n_embd"] // config["n_head"], d_mlp=config["n_inner"] or 4 * config["n_embd"],
        d_vocab=config["vocab_size"], act_fn=config["activation_function"], eps=config["layer_norm_epsilon"],
        normalization_type="LN", original_architecture="GPT2LMHeadModel", device="cpu", use_attn_result=True,
        scale_attn_by_inverse_layer_idx=config.get("scale_attn_by_inverse_layer_idx", False),
    )
    model = HookedTransformer(cfg)
    theirs = GPT2LMHeadModel.from_pretrained(folder, dtype=torch.float32)
    model.load_and_process_state_dict(
        convert_gpt2_weights(theirs, cfg), fold_ln=False, center_writing_weights=False, center_unembed=False, fold_value_biases=False
    )
    return model


def bridge(folder):
    from transformer_lens.model_bridge import TransformerBridge

    model = TransformerBridge.boot_transformers(folder, device="cpu", dtype=torch.float32)
    model.set_use_attn_result(True)
    return model


def changed(x, given):
    """One intervention on a value [batch, seq, ...]. In place at hook_resid_mid alone: TransformerLens 4 hands a tensor
    that a hook returns there to the MLP, and passes the old one on in the stream."""
    flat = x.reshape(*x.shape[:2], -1)
    kind = given["type"]
    if kind == "scale":
        factor = torch.ones(flat.shape[2])
        factor[given.get("units", list(range(flat.shape[2])))] = given["factor"]
        new = flat * factor
    elif kind == "project":
        w = torch.tensor(given["direction"])
        new = flat - (flat @ w)[..., None] * w / (w @ w)
    else:
        values = torch.tensor(given["values"]).reshape(-1, flat.shape[1] if len(given["values"]) > flat.shape[2] else 1, flat.shape[2])
        new = values.expand_as(flat) if kind == "replace" else flat + given.get("scale", 1) * values
    at = given.get("positions", list(range(flat.shape[1])))
    out = x if given["hook_name"].endswith("hook_resid_mid") else x.clone()
    out[:, at] = new.reshape(x.shape)[:, at]
    return out


def metric_of(logits, ids, given):
    logs = logits.log_softmax(-1)
    token = given.get("token")
    last = logits[:, given.get("position", -1)]
    kind = given["type"]
    if kind == "loss":
        return -logs[:, :-1].gather(2, ids[:, 1:, None])[..., 0].mean(1)
    if kind == "logit":
        return last[:, token]
    if kind == "logit_difference":
        return last[:, token] - last[:, given["versus"]]
    chosen = logs[:, given.get("position", -1), token]
    return chosen.exp() if kind == "probability" else chosen


def tensor(x):
    """TransformerLens 4's masked scores are the least float32, 3's are -inf, as ours."""
    x = x.masked_fill(x == torch.finfo(torch.float32).min, float("-inf"))
    return {"dims": list(x.shape), "data": x.detach().flatten().tolist()}


def names_of(model, wanted):
    return [name for name in wanted if name in model.hook_dict] if version == 3 else wanted


def gradients(model, ids, given, names):
    """ln1 is computed once for each of q, k and v, so that its hooks run three times there: the parts are summed."""
    kept = {name: [] for name in names}

    def keep(x, hook):
        x.retain_grad()
        kept[hook.name].append(x)

    with torch.enable_grad():
        logits = model.run_with_hooks(ids, fwd_hooks=[(name, keep) for name in names])
        metric = metric_of(logits, ids, given)
        metric.sum().backward()
    model.zero_grad()
    sums = {n: sum((x.grad if x.grad is not None else torch.zeros_like(x) for x in xs), torch.zeros_like(xs[0])) for n, xs in kept.items()}
    return {"metric": metric.tolist(), "gradients": {n: tensor(g) for n, g in sums.items()}}


result = []
for case in cases:
    model = hooked(case["folder"]) if version == 3 else bridge(case["folder"])
    ids = torch.tensor(case["ids"])
    names = names_of(model, case["hooks"])
    with torch.no_grad():
        logits, cache = model.run_with_cache(ids)
    answer = {
        "logits": tensor(logits),
        "loss": (-logits.log_softmax(-1)[:, :-1].gather(2, ids[:, 1:, None])[..., 0]).flatten().tolist(),
        "cache": {name: tensor(cache[name]) for name in names if name in cache},
        "gradients": [gradients(model, ids, given, names) for given in case["metrics"]] if version == 3 else [],
        "changed": [],
    }
    for given in case["interventions"]:
        if version == 3 and given["hook_name"] not in model.hook_dict:
            answer["changed"].append(None)
            continue
        with torch.no_grad():
            hook = lambda x, hook: changed(x, given)
            answer["changed"].append(tensor(model.run_with_hooks(ids, fwd_hooks=[(given["hook_name"], hook)])))
    result.append(answer)
