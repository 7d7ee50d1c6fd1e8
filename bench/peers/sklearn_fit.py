"""scikit-learn's side of bench/suites/probe.ts and cluster.ts."""
import json
import warnings

import numpy as np
import sklearn
from scipy.sparse import csr_matrix
from sklearn.cluster import KMeans
from sklearn.linear_model import LogisticRegression

from serve import serve, settings

warnings.filterwarnings("ignore")
rows, columns = settings["rows"], settings["columns"]


def read(name, dtype):
    return np.fromfile(settings["folder"] + "/" + name, dtype)


if settings["kind"] == "dense":
    x = read("data", "f4").reshape(rows, columns)
else:
    parts = (read("values", "f4"), read("indices", "i4"), read("indptr", "f8").astype("i4"))
    x = csr_matrix(parts, (rows, columns))


def logistic():
    y = read("y", "u4")
    c = 1 / (settings["l2"] * rows)
    model = LogisticRegression(C=c, max_iter=1000, tol=settings["tolerance"]).fit(x, y)

    def objective():
        p = model.predict_log_proba(x)[np.arange(rows), y]
        return -float(p.mean()) + settings["l2"] / 2 * float((model.coef_.astype("f8") ** 2).sum())

    return objective


def kmeans():
    starts = settings["starts"]
    model = KMeans(settings["k"], n_init=starts, max_iter=300, tol=0, random_state=0, algorithm="lloyd").fit(x)
    return lambda: float(model.inertia_)


serve(logistic if "l2" in settings else kmeans, **{"scikit-learn": sklearn.__version__})
