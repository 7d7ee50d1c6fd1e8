"""What the Python peers share: one line on the versions, then one run for each line read (see bench/peer.ts)."""
import ctypes
import json
import signal
import sys
import time

import numpy as np

settings = json.loads(sys.argv[1])
signal.signal(signal.SIGINT, signal.SIG_IGN)  # it ends with its standard input


def serve(work, steps=1, **versions):
    """`work()` does the work; what it returns, if anything, is called for the value after the clock has stopped."""
    check_products()
    print(json.dumps({**versions, "blas": blas()}), flush=True)
    for _ in sys.stdin:
        start = time.perf_counter()
        for _ in range(steps):
            value = work()
        run = {"ms": (time.perf_counter() - start) * 1e3 / steps}
        if value is not None:
            run["value"] = value()
        print(json.dumps(run), flush=True)


def check_products():
    """OpenBLAS's own choice of kernels is wrong on some processors."""
    draw = np.random.default_rng(0)
    a, b = draw.standard_normal((301, 403), "f4"), draw.standard_normal((403, 205), "f4")
    if np.abs(a @ b - a.astype("f8") @ b.astype("f8")).max() > 1e-3:
        sys.exit(f"{blas()} multiplies wrongly on this machine: nothing can be compared with it.")


def blas():
    """The library behind the products, its kernels and its threads."""
    with open("/proc/self/maps") as maps:
        paths = {line.split()[-1] for line in maps if "openblas" in line}
    for path in sorted(paths, key=len, reverse=True):
        library = ctypes.CDLL(path)
        try:
            library.openblas_get_corename.restype = ctypes.c_char_p
            library.openblas_get_config.restype = ctypes.c_char_p
            version = library.openblas_get_config().decode().split()[1]
            return f"OpenBLAS {version}, {library.openblas_get_corename().decode()} kernels, {library.openblas_get_num_threads()} threads"
        except AttributeError:
            continue
    return "unknown"
