"""What Python's datasets makes of folders of Parquet files: splits by configuration, each with its files in order."""
import json, os, shutil, sys, tempfile
os.environ.update(HF_HUB_OFFLINE="1", HF_DATASETS_DISABLE_PROGRESS_BARS="1")
import datasets, pyarrow as pa, pyarrow.parquet as pq
datasets.logging.set_verbosity_error()
CONFIGS = lambda text: "---\n" + text + "---\n\n# A data set\n"
L = {
 # parts named as push_to_hub names them
 "parts": ["data/train-00000-of-00002.parquet", "data/train-00001-of-00002.parquet", "data/test-00000-of-00001.parquet"],
 "unsupervised": ["data/train-00000-of-00001.parquet", "data/test-00000-of-00001.parquet", "data/unsupervised-00000-of-00001.parquet"],
 "folds": ["data/fold1-00000-of-00001.parquet", "data/fold2-00000-of-00001.parquet"],
 "hashes": ["data/train-00000-of-00001-0123456789abcdef.parquet", "data/dev-00000-of-00001-0123456789abcdef.parquet"],
 "parts and others": ["data/train-00000-of-00001.parquet", "lexicon.parquet", "data/test.parquet"],
 "parts elsewhere": ["train-00000-of-00001.parquet", "unsupervised-00000-of-00001.parquet"],
 "parts deeper": ["plain/data/train-00000-of-00001.parquet", "plain/data/fold-00000-of-00001.parquet"],
 "four digits": ["data/train-0000-of-0001.parquet", "data/fold-0000-of-0001.parquet"],
 "dashes in a split": ["data/my-train-00000-of-00001.parquet"],
 "dots in a split": ["data/v1.5-00000-of-00001.parquet", "data/train-00000-of-00001.parquet"],
 # words
 "words": ["train.parquet", "valid.parquet", "test.parquet"],
 "words and one without": ["train.parquet", "test.parquet", "lexicon.parquet"],
 "no words": ["a.parquet", "b.parquet"],
 "one file": ["file.parquet"],
 "folders": ["train/a.parquet", "train/b.parquet", "test/a.parquet", "other/a.parquet"],
 "folders win": ["data/train/test.parquet", "test.parquet"],
 "data folders": ["data/train/0.parquet", "data/dev/0.parquet", "data/evaluation/0.parquet"],
 "separators": ["my_train_1.parquet", "my-val.parquet", "x test.parquet"],
 "digits": ["train0.parquet", "test1.parquet", "dev2.parquet"],
 "no separator": ["trainset.parquet", "testset.parquet"],
 "inside a word": ["contest.parquet", "latest_train.parquet"],
 "capitals": ["Train.parquet", "TEST.parquet"],
 "synonyms": ["training.parquet", "validation.parquet", "testing.parquet"],
 "two words": ["train_test.parquet", "test_dev.parquet"],
 "word in a folder and a name": ["sst2/train.parquet", "sst2/test.parquet", "cola/train.parquet"],
 "only test": ["test.parquet"],
 "eval": ["eval.parquet", "train.parquet"],
 "hidden": [".hidden/train.parquet", "__pycache__/test.parquet", "a.parquet"],
 "hidden names": [".train.parquet", "train.parquet"],
 "a word after": ["reviews.train.parquet", "reviews.dev.parquet"],
 "folder with digits": ["train_1/a.parquet", "test_1/a.parquet"],
 "upper extension": ["train.PARQUET", "test.parquet"],
 "two extensions": ["train.parquet.gz.parquet", "a.b.parquet"],
 "shuffled order": ["train-b.parquet", "train-a.parquet", "a/train.parquet", "train_10.parquet", "train_9.parquet"],
 "a file of two splits": ["train/test-1.parquet", "test/train-1.parquet"],
 "geoparquet": ["train.geoparquet", "test.gpq"],
 "two words of one split": ["train_training.parquet", "test.parquet"],
 "folders of two splits": ["train/test/a.parquet", "train/b.parquet"],
 "a space": ["train set.parquet", "the test set.parquet"],
 "part names with spaces": ["data/train -00000-of-00001.parquet", "data/test-00000-of-00001.parquet"] if False else ["data/a_b-00000-of-00001.parquet", "data/test-00000-of-00001.parquet"],
 "parts of a folder called data in a folder": ["x/data/test-00000-of-00001.parquet", "y.parquet"],
 "letters beyond ASCII": ["données/train.parquet", "données/test.parquet", "entraînement.parquet"],
 "deep words": ["a/b/c/train/d/e.parquet", "a/b/c/validation-2/d/e.parquet"],
 "more of a part": ["data/train-00000-of-00001-extra.parquet", "data/train-00000-of-00001.parquet"],
 # other kinds of files
 "mostly csv": ["train.csv", "train2.csv", "train.parquet"],
 "mostly parquet": ["train.parquet", "train_2.parquet", "train.csv"],
 "as many": ["train.parquet", "train.csv"],
 "csv split": ["train.parquet", "test.csv"],
 "csv elsewhere": ["data/train-00000-of-00001.parquet", "test.csv"],
 "txt": ["train.parquet", "notes.txt", "LICENSE.md"],
 "json beside": ["train.parquet", "meta.json"],
 "only csv": ["train.csv", "test.csv"],
}
R = {
 "configs: a list of splits": (["a.parquet", "b.parquet", "c.parquet"], "configs:\n- config_name: default\n  data_files:\n  - split: train\n    path: a.parquet\n  - split: held_out\n    path: b.parquet\n"),
 "configs: a test set that only the README names": (["part1.parquet", "part2.parquet"], "configs:\n- config_name: default\n  data_files:\n  - split: train\n    path: part1.parquet\n  - split: test\n    path: part2.parquet\n"),
 "configs: globs": (["x/a.parquet", "x/b.parquet", "y/a.parquet"], "configs:\n  - config_name: default\n    data_files:\n      - split: train\n        path: x/*.parquet\n      - split: test\n        path: \"y/*\"\n"),
 "configs: a string": (["x/a.parquet", "x/b.parquet", "y/a.parquet"], "configs:\n- config_name: default\n  data_files: x/*.parquet\n"),
 "configs: a list of strings": (["x/a.parquet", "x/b.parquet", "y/a.parquet"], "configs:\n- config_name: default\n  data_files:\n  - y/*.parquet\n  - x/b.parquet\n"),
 "configs: lists of paths": (["x/a.parquet", "x/b.parquet", "y/a.parquet"], "configs:\n- config_name: default\n  data_files:\n  - split: train\n    path:\n    - x/b.parquet\n    - x/a.parquet\n  - split: test\n    path: [y/a.parquet]\n"),
 "configs: two": (["en/train.parquet", "en/test.parquet", "de/train.parquet"], "configs:\n- config_name: en\n  data_files:\n  - split: train\n    path: en/train.parquet\n  - split: test\n    path: en/test.parquet\n- config_name: de\n  data_files: de/*\n"),
 "configs: two with a default": (["en/train.parquet", "de/train.parquet"], "configs:\n- config_name: en\n  data_files: en/*\n- config_name: de\n  default: true\n  data_files: de/*\n"),
 "configs: one called default": (["en/train.parquet", "de/train.parquet"], "configs:\n- config_name: en\n  data_files: en/*\n- config_name: default\n  data_files: de/*\n"),
 "configs: data_dir": (["en/train.parquet", "en/test.parquet", "en/x.parquet", "de/train.parquet", "de/fold.parquet"], "configs:\n- config_name: en\n  data_dir: en\n- config_name: de\n  data_dir: de\n"),
 "configs: data_dir and data_files": (["en/a.parquet", "en/b.parquet", "a.parquet"], "configs:\n- config_name: en\n  data_dir: en\n  data_files:\n  - split: train\n    path: a.parquet\n  - split: test\n    path: b.parquet\n"),
 "configs: no files named": (["train.parquet", "test.parquet"], "configs:\n- config_name: sst\n"),
 "configs: parts": (["data/train-00000-of-00001.parquet", "data/test-00000-of-00001.parquet", "data/extra-00000-of-00001.parquet"], "license: mit\nconfigs:\n- config_name: default\n  data_files:\n  - split: train\n    path: data/train-*\n  - split: test\n    path: data/test-*\n"),
 "configs: a folder of both": (["raw/x.parquet", "raw/deep/y.parquet", "test.parquet"], "configs:\n- config_name: default\n  data_files:\n  - split: train\n    path: raw/**\n  - split: test\n    path: test.parquet\n"),
 "configs: any folder": (["a/x.parquet", "b/x.parquet", "b/c/x.parquet", "x.parquet"], "configs:\n- config_name: default\n  data_files:\n  - split: train\n    path: '**/x.parquet'\n"),
 "configs: a class of letters": (["a1.parquet", "a2.parquet", "a3.parquet", "b1.parquet"], "configs:\n- config_name: default\n  data_files:\n  - split: train\n    path: a[12].parquet\n  - split: test\n    path: a[!12].parquet\n"),
 "configs: a question mark": (["a1.parquet", "a22.parquet"], "configs:\n- config_name: default\n  data_files: a?.parquet\n"),
 "configs: a split without a file": (["a.parquet"], "configs:\n- config_name: default\n  data_files:\n  - split: train\n    path: a.parquet\n  - split: test\n    path: none-*\n"),
 "configs: a file that is not there": (["a.parquet"], "configs:\n- config_name: default\n  data_files:\n  - split: train\n    path: a.parquet\n  - split: test\n    path: none.parquet\n"),
 "configs: a file twice": (["a.parquet", "b.parquet"], "configs:\n- config_name: default\n  data_files:\n  - split: train\n    path: [a.parquet, '*.parquet']\n"),
 "configs: csv and parquet": (["a.parquet", "b.csv"], "configs:\n- config_name: default\n  data_files:\n  - split: train\n    path: a.parquet\n- config_name: other\n  data_files:\n  - split: train\n    path: b.csv\n"),
 "configs: a folder as a path": (["x/a.parquet", "b.parquet"], "configs:\n- config_name: default\n  data_files:\n  - split: train\n    path: x\n  - split: test\n    path: b.parquet\n"),
 "configs: a hidden file named": ([".x/a.parquet", "b.parquet"], "configs:\n- config_name: default\n  data_files:\n  - split: train\n    path: .x/*.parquet\n  - split: test\n    path: b.parquet\n"),
 "configs: a dash in a split": (["a.parquet"], "configs:\n- config_name: default\n  data_files:\n  - split: my-split\n    path: a.parquet\n"),
 "configs: a number as a config": (["a.parquet"], "configs:\n- config_name: \"2023\"\n  data_files: a.parquet\n"),
 "configs: comments and flow": (["a.parquet", "b.parquet"], "# the card\nlanguage: [en, de]\nconfigs: # two splits\n  - config_name: 'default' # its name\n    data_files: [{split: train, path: a.parquet}, {split: test, path: \"b.parquet\"}]\n"),
 "configs: two defaults": (["a.parquet", "b.parquet"], "configs:\n- config_name: default\n  data_files: a.parquet\n- config_name: b\n  default: true\n  data_files: b.parquet\n"),
 "configs: default false": (["a.parquet", "b.parquet"], "configs:\n- config_name: a\n  data_files: a.parquet\n  default: false\n- config_name: b\n  default: yes\n  data_files: b.parquet\n"),
 "configs: data_dir of parts": (["en/data/train-00000-of-00001.parquet", "en/data/fold-00000-of-00001.parquet", "de/train-00000-of-00001.parquet"], "configs:\n- config_name: en\n  data_dir: en\n- config_name: de\n  data_dir: de/\n"),
 "configs: stars between folders": (["a/x/t.parquet", "a/y/z/t.parquet", "b/t.parquet"], "configs:\n- config_name: default\n  data_files:\n  - split: train\n    path: a/*/t.parquet\n  - split: deep\n    path: a/**/t.parquet\n"),
 "configs: a split in several lines": (["a.parquet", "b.parquet"], "configs:\n-   config_name: default\n    data_files:\n    -   split: train\n        path:\n            - a.parquet\n            - b.parquet\n"),
 "configs: windows line ends": (["a.parquet", "b.parquet"], "configs:\r\n- config_name: default\r\n  data_files:\r\n  - split: test\r\n    path: a.parquet\r\n  - split: train\r\n    path: b.parquet\r\n"),
 "configs: files of two splits": (["a.parquet", "b.parquet"], "configs:\n- config_name: default\n  data_files:\n  - split: train\n    path: '*.parquet'\n  - split: test\n    path: b.parquet\n"),
 "configs: brackets of letters": (["a-1.parquet", "a]1.parquet", "b1.parquet"], "configs:\n- config_name: default\n  data_files: '[a-b][-1]*'\n"),
 "configs: empty": (["train.parquet", "test.parquet"], "configs:\n"),
 "configs: empty list": (["train.parquet", "test.parquet"], "configs: []\n"),
 "dataset_info alone": (["train.parquet", "test.parquet"], "dataset_info:\n  config_name: sst2\n  features:\n  - name: text\n    dtype: string\n"),
 "a brace": (["a.parquet", "b.parquet", "c.parquet"], "configs:\n- config_name: default\n  data_files: '{a,b}.parquet'\n"),
 "configs: dot slash": (["a.parquet", "b.parquet"], "configs:\n- config_name: default\n  data_files:\n  - split: train\n    path: ./a.parquet\n  - split: test\n    path: b.parquet\n"),
}
def run(name, files, readme):
    base = tempfile.mkdtemp(prefix="layout", dir="/tmp/oracle")
    home = os.path.join(base, "data_set"); os.mkdir(home)
    for f in files:
        p = os.path.join(home, f); os.makedirs(os.path.dirname(p), exist_ok=True)
        if f.lower().endswith((".parquet", ".geoparquet", ".gpq")): pq.write_table(pa.table({"text": [f]}), p)
        elif f.endswith(".csv"): open(p, "w").write(f'text\n{f}\n')
        elif f.endswith(".json"): open(p, "w").write(json.dumps({"text": f}) + "\n")
        else: open(p, "w").write(f + "\n")
    if readme is not None: open(os.path.join(home, "README.md"), "w").write(readme)
    kw = dict(cache_dir=os.path.join(base, "cache"))
    out = {}
    try:
        b = datasets.load.dataset_module_factory(home)
        names = datasets.get_dataset_config_names(home)
        try: d = datasets.get_dataset_default_config_name(home)
        except Exception as e: d = None
        out["default"] = d
        out["configs"] = {}
        for n in names:
            try:
                ds = datasets.load_dataset(home, n, **kw)
                out["configs"][n] = {s: list(x["text"]) for s, x in ds.items()}
            except Exception as e: out["configs"][n] = f"{type(e).__name__}: {str(e)[:160]}".replace(base, "")
    except Exception as e: out = {"error": f"{type(e).__name__}: {str(e)[:160]}".replace(base, "")}
    shutil.rmtree(base)
    return out
res = {}
for n, f in L.items(): res[n] = dict(files=f, **run(n, f, None))
for n, (f, r) in R.items(): res[n] = dict(files=f, readme=r, **run(n, f, CONFIGS(r)))
json.dump(res, open("layouts.json", "w"), indent=1)
for n, r in res.items(): print(n, "|", json.dumps({k: v for k, v in r.items() if k not in ("files", "readme")}))
