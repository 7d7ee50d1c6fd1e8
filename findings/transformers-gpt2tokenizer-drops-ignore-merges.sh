#!/usr/bin/env bash
# transformers 5.24.0: a tokenizer.json whose BPE has "ignore_merges" loses it where tokenizer_config.json says
# "tokenizer_class": "GPT2Tokenizer". Guess: AutoTokenizer gives what the tokenizers library gives for the same file, whatever
# class is named, as GPT2TokenizerFast did. Seen: the class is built anew from vocabulary and merges, so that a word of the
# vocabulary without merges falls apart: one id by the file, three by the class; "PreTrainedTokenizerFast" keeps it whole.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet transformers==5.24.0 tokenizers==0.23.3 2>/dev/null
cat >run.py <<'PY'
import json, os
from tokenizers import Tokenizer
from transformers import AutoTokenizer

vocab = {"<|endoftext|>": 0, "c": 1, "a": 2, "t": 3, "cat": 4}
model = {"type": "BPE", "vocab": vocab, "merges": [], "ignore_merges": True}
level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
for name in ("GPT2Tokenizer", "PreTrainedTokenizerFast"):
    os.makedirs(name)
    file = f"{name}/tokenizer.json"
    with open(file, "w") as out:
        json.dump({"version": "1.0", "added_tokens": [], "pre_tokenizer": level, "decoder": level, "model": model}, out)
    with open(f"{name}/tokenizer_config.json", "w") as out:
        json.dump({"tokenizer_class": name, "eos_token": "<|endoftext|>"}, out)
    with open(f"{name}/config.json", "w") as out:
        json.dump({"model_type": "gpt2"}, out)
    ids = AutoTokenizer.from_pretrained(name)("cat", add_special_tokens=False).input_ids
    print(f"{name}: {len(Tokenizer.from_file(file).encode('cat').ids)} by the file, {len(ids)} by AutoTokenizer")
PY
seen=$(HF_HUB_OFFLINE=1 env/bin/python run.py 2>/dev/null)
echo "$seen"
[ "$seen" = $'GPT2Tokenizer: 1 by the file, 3 by AutoTokenizer\nPreTrainedTokenizerFast: 1 by the file, 1 by AutoTokenizer' ]
