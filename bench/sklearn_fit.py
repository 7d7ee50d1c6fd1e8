"""scikit-learn's side of bench/probe.ts and bench/cluster.ts: fits once for each line on stdin, prints JSON."""
import json
import sys
import time
import warnings

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.cluster import KMeans
from sklearn.linear_model import LogisticRegression

warnings.filterwarnings("ignore")
folder = sys.argv[1]
shape = json.load(open(folder + "/shape.json"))
rows, columns = shape["rows"], shape["columns"]


def read(name, dtype):
    return np.fromfile(folder + "/" + name, dtype)


if shape["kind"] == "dense":
    x = read("data", "f4").reshape(rows, columns)
else:
    parts = (read("values", "f4"), read("indices", "i4"), read("indptr", "f8").astype("i4"))
    x = csr_matrix(parts, (rows, columns))


def logistic():
    y = read("y", "u4")
    c = 1 / (shape["l2"] * rows)
    model = LogisticRegression(C=c, max_iter=1000, tol=shape["tolerance"]).fit(x, y)
    p = model.predict_log_proba(x)[np.arange(rows), y]
    penalty = shape["l2"] / 2 * float((model.coef_.astype("f8") ** 2).sum())
    return lambda: -float(p.mean()) + penalty


def kmeans():
    model = KMeans(shape["k"], n_init=shape["starts"], max_iter=300, tol=0, random_state=0, algorithm="lloyd")
    model.fit(x)
    return lambda: float(model.inertia_)


fit = logistic if "l2" in shape else kmeans
print("ready", flush=True)
for _ in sys.stdin:
    start = time.perf_counter()
    value = fit()
    seconds = time.perf_counter() - start
    print(json.dumps({"seconds": seconds, "value": value()}), flush=True)
